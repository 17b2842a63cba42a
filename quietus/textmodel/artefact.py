"""One folder of arrays and JSON holds the weights; its hash is the model's name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calibration import Calibration
from .encoder import Encoder
from .linear import Block, Linear
from .scorer import Scorer

FOLDER = Path(__file__).with_name("weights")
MANIFEST = "manifest.json"
NGRAMS, GRAPH, PIECES, HEAD = "ngrams.npz", "encoder.onnx", "pieces.txt", "head.npz"
# Raised whenever code changes what the same weights answer: it is part of the version that records carry.
REVISION = 2


class ArtefactProblem(Exception):
    """The weights are missing, damaged or of another make; the message is one sentence for a person."""


def fingerprint(folder: Path) -> str:
    """Hash over the weights' names and bytes; the figures in the manifest are not part of it."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != MANIFEST:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    manifest = read_manifest(folder)
    digest.update(json.dumps(manifest["calibration"], sort_keys=True).encode())
    return digest.hexdigest()


@lru_cache(maxsize=4)
def shipped_version(folder: Path = FOLDER) -> str:
    """The model_version of a folder's weights, without loading them; at most 64 characters."""
    return f"local-{REVISION}-{fingerprint(folder)[:16]}"


def read_manifest(folder: Path) -> dict[str, Any]:
    """The artefact's description: kind, data, tier, calibration, figures."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtefactProblem(f"No weights in {folder}: run `python -m quietus model train`.") from None
    except ValueError as error:
        raise ArtefactProblem(f"{folder / MANIFEST} is damaged: {error}.") from None
    if not isinstance(manifest, dict) or "calibration" not in manifest:
        raise ArtefactProblem(f"{folder / MANIFEST} does not describe a text model.")
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """The manifest as stable, readable JSON."""
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def write_linear(folder: Path, model: Linear) -> None:
    """The n-gram arrays, compressed; numpy dates the archive 1980, so equal weights make equal files."""
    arrays: dict[str, NDArray[Any]] = {"intercept": model.intercept}
    for name, block in (("word", model.words), ("character", model.characters)):
        # Differences of sorted keys compress far better than the keys themselves.
        arrays[f"{name}_steps"] = np.diff(block.keys, prepend=np.uint32(0))
        arrays[f"{name}_idf"] = block.idf.astype(np.float16)
        arrays[f"{name}_coefficients"] = block.coefficients
    np.savez_compressed(folder / NGRAMS, allow_pickle=False, **arrays)


def read_linear(folder: Path) -> Linear:
    """The n-gram model back from its arrays; pickled data is refused by numpy."""
    try:
        with np.load(folder / NGRAMS, allow_pickle=False) as arrays:
            blocks = [
                Block(
                    keys=np.cumsum(arrays[f"{name}_steps"], dtype=np.uint32),
                    idf=arrays[f"{name}_idf"].astype(np.float32),
                    coefficients=arrays[f"{name}_coefficients"],
                )
                for name in ("word", "character")
            ]
            return Linear(blocks[0], blocks[1], arrays["intercept"])
    except (OSError, KeyError, ValueError) as error:
        raise ArtefactProblem(f"{folder / NGRAMS} cannot be read: {error}.") from None


def read_calibration(folder: Path) -> Calibration:
    """Temperature, shifts, floors and thresholds from the manifest."""
    try:
        return Calibration.from_json(read_manifest(folder)["calibration"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactProblem(f"The calibration in {folder / MANIFEST} is damaged: {error}.") from None


def write_head(folder: Path, vocabulary: Sequence[str], head: NDArray[Any], bias: NDArray[Any]) -> None:
    """The encoder's word pieces in the order of their ids, and the head on its vectors."""
    (folder / PIECES).write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    np.savez(folder / HEAD, allow_pickle=False, head=head.astype(np.float32), bias=bias.astype(np.float32))


def read_scorer(folder: Path) -> Scorer:
    """Both halves; the encoder only where the artefact has one."""
    linear = read_linear(folder)
    if read_manifest(folder).get("kind") != "combined":
        return Scorer(linear, None)
    try:
        pieces = (folder / PIECES).read_text(encoding="utf-8").split("\n")[:-1]
        with np.load(folder / HEAD, allow_pickle=False) as arrays:
            head, bias = arrays["head"].astype(np.float64), arrays["bias"].astype(np.float64)
        vocabulary = {piece: number for number, piece in enumerate(pieces)}
        return Scorer(linear, Encoder(folder / GRAPH, vocabulary, head, bias))
    except ModuleNotFoundError as error:
        raise ArtefactProblem(f"This model needs {error.name}: python -m pip install -r requirements.txt") from None
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ArtefactProblem(f"The encoder in {folder} cannot be read: {error}.") from None
