"""What ships: the artefact's size and contents, sharing by fork, the same numbers for the same version."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quietus import textmodel
from quietus.textmodel import Outcome, artefact
from quietus.textmodel.local import LocalModel

SENTENCES = [
    "The bus was late again and the shop had no milk.",
    "I can't sleep, everything feels too much and I keep crying at work.",
    "I am going to kill myself tonight.",
    "I am not suicidal.",
    "My friend wants to die and I am scared. " * 40,
]
GOLDEN = Path(__file__).with_name("golden.json")
ROOT = Path(artefact.__file__).parents[2]


def numbers(texts: list[str]) -> list[tuple[str, float, tuple[str, ...]]]:
    answers = textmodel.load().predict(texts)
    return [(a.label, a.confidence, a.flags) for a in answers if isinstance(a, Outcome)]


def test_the_artefact_is_small_and_holds_arrays_and_json_only() -> None:
    files = [p for p in artefact.FOLDER.iterdir() if p.is_file()]

    assert sum(p.stat().st_size for p in files) <= 25_000_000
    assert {p.suffix for p in files} <= {".npz", ".json", ".onnx", ".txt"}


def test_the_manifest_names_data_tier_and_made_up_sentences() -> None:
    manifest = artefact.read_manifest(artefact.FOLDER)

    assert manifest["tier"] in ("A", "all")
    assert set(manifest["data"]) >= {"triage.csv", "made_up.json"}
    assert manifest["data"]["made_up.json"] == textmodel_templates_hash()


def textmodel_templates_hash() -> str:
    from quietus.textmodel import data, made_up

    return data.sha256(made_up.TEMPLATES)


def in_child(results: multiprocessing.SimpleQueue[object]) -> None:
    results.put(numbers(SENTENCES))


def test_a_model_loaded_before_a_fork_answers_the_same_in_the_child() -> None:
    here = numbers(SENTENCES)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=in_child, args=(results,))
    child.start()
    child.join(60)

    assert child.exitcode == 0
    assert results.get() == here


def test_another_process_gives_the_same_numbers_to_the_last_digit() -> None:
    script = (
        "import json, sys; from quietus import textmodel;"
        "print(json.dumps([a.probabilities for a in textmodel.load().predict(json.loads(sys.argv[1]))]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, json.dumps(SENTENCES)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    here = [a.probabilities for a in textmodel.load().predict(SENTENCES) if isinstance(a, Outcome)]

    assert json.loads(ran.stdout) == here


def test_the_same_version_still_gives_the_answers_it_once_gave() -> None:
    """When this fails and the weights are the same, code changed their answers: raise artefact.REVISION."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))

    assert golden["version"] == textmodel.load().version, "new weights: write golden.json anew"
    for (label, confidence, flags), then in zip(numbers(SENTENCES), golden["answers"], strict=True):
        assert (label, list(flags)) == (then["label"], then["flags"])
        # Processors without VNNI round int8 products differently; the same kind gives the same digits.
        assert confidence == pytest.approx(then["confidence"], abs=0.02)


def test_weights_that_lost_a_byte_get_another_name_or_are_refused(tmp_path: Path) -> None:
    for path in artefact.FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    graph = tmp_path / artefact.GRAPH
    graph.write_bytes(graph.read_bytes()[:-1000])

    with pytest.raises(artefact.ArtefactProblem, match="encoder"):
        LocalModel(tmp_path)


def test_no_weights_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(artefact.ArtefactProblem, match="model train"):
        LocalModel(tmp_path)


def test_importing_the_commands_is_quick_and_loads_no_model() -> None:
    script = "import sys, quietus.textmodel.cli; print(sorted({'onnxruntime', 'torch', 'sklearn'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert ran.stdout.strip() == "[]"


def test_the_model_leaves_nothing_and_tells_nobody(tmp_path: Path) -> None:
    """onnxruntime keeps a device id and events to be sent in the home folder, unless it is told not to."""
    script = "from quietus.textmodel import load; load('local').predict(['The tea was good and the train on time.'])"
    # a bare environment: where CI is set, onnxruntime is quiet by itself
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], env=bare, cwd=tmp_path, check=True, timeout=120)

    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
