"""`python -m quietus model …`: train, measure, use and describe the text model."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

Folder = click.Path(exists=True, file_okay=False, path_type=Path)
File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("model")
def model() -> None:
    """The text model: train it, measure it, use it, see what it is."""


@model.command("train")
@click.option("--data", "folder", type=Folder, required=True, help="Folder that holds triage.csv.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where the weights go.")
@click.option(
    "--tier",
    type=click.Choice(["A", "all"]),
    default="A",
    show_default=True,
    help="A: openly licensed sources only.",
)
@click.option("--ngrams-only", is_flag=True, help="Without the encoder: quick, small, less accurate.")
def train_command(folder: Path, out: Path | None, tier: str, ngrams_only: bool) -> None:
    """Build the weights from labelled texts (needs requirements-train.txt)."""
    from . import artefact, data, train

    try:
        train.train(folder, out or artefact.FOLDER, tier=tier, say=click.echo, ngrams_only=ngrams_only)
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"Training needs {error.name}: python -m pip install -r requirements-train.txt"
        ) from None
    except data.DataProblem as problem:
        raise click.ClickException(str(problem)) from None


@model.command("benchmark")
@click.option(
    "--data", "folder", type=Folder, required=True, help="Folder with dreaddit.csv and cssrs_posts_graded.csv."
)
@click.option("--weights", type=Folder, help="Artefact whose manifest keeps the figures.")
def benchmark_command(folder: Path, weights: Path | None) -> None:
    """Train models of the same make on two public tasks and keep their figures (minutes of CPU)."""
    from . import artefact, data

    try:
        from . import benchmark

        benchmark.benchmark(folder, weights or artefact.FOLDER, say=click.echo)
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"Training needs {error.name}: python -m pip install -r requirements-train.txt"
        ) from None
    except data.DataProblem as problem:
        raise click.ClickException(str(problem)) from None


@model.command("evaluate")
@click.option("--data", "folder", type=Folder, required=True, help="Folder that holds the labelled CSV files.")
@click.option("--weights", type=Folder, help="Other weights than the shipped ones.")
@click.option("--speed", "with_speed", is_flag=True, help="Measure speed and memory too.")
@click.option("--sentences", type=File, help="Made-up sentences by category (tests/textmodel/sentences.json).")
@click.option("--card", "card_file", type=File, help="Write the figures into this model card.")
def evaluate_command(
    folder: Path, weights: Path | None, with_speed: bool, sentences: Path | None, card_file: Path | None
) -> None:
    """Print the figures on the test splits, which no training has seen."""
    from . import artefact, card, data, evaluate, speed

    chosen = weights or artefact.FOLDER
    try:
        figures = evaluate.evaluate(folder, chosen, say=click.echo, sentences=sentences)
        if with_speed and (texts := [e.text for path in sorted(folder.glob("*.csv")) for e in evaluate.unseen(path)]):
            figures["speed"] = speed.speed(texts, chosen, say=click.echo)
        if card_file is not None:
            card.write(card_file, artefact.read_manifest(chosen)["tier"], figures)
    except (data.DataProblem, artefact.ArtefactProblem, card.CardProblem) as problem:
        raise click.ClickException(str(problem)) from None


@model.command("predict")
@click.argument("file", type=click.File("rb"))
def predict_command(file: BinaryIO) -> None:
    """Read {"text": …} lines from FILE (- is standard input), write one outcome per line."""
    from . import load
    from .lines import answers

    wrong = 0
    for line, good in answers(file, load()):
        click.echo(line)
        wrong += not good
    if wrong:
        click.echo(f"{wrong} {'line' if wrong == 1 else 'lines'} could not be answered.", err=True)
        raise SystemExit(1)


@model.command("info")
def info_command() -> None:
    """What the weights are: version, data, licence tier, calibration, size."""
    import json

    from . import artefact, load

    description = {
        "model_version": load().version,
        "folder": str(artefact.FOLDER),
        "bytes": sum(p.stat().st_size for p in artefact.FOLDER.iterdir() if p.is_file()),
        **artefact.read_manifest(artefact.FOLDER),
    }
    click.echo(json.dumps(description, indent=2, ensure_ascii=False))
