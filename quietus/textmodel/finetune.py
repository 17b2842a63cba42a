"""Fine-tune the encoder on labelled texts: head first, then the upper layers, once per seed; averaged weights.

The lower layers stay as published, so what they make of a text is computed once and kept. Runs that begin at the same
weights and head end close enough that the mean of their weights is one model, steadier than each (Wortsman et al. 2022,
"Model soups"), of the same size and speed.
Everything is in full precision: bfloat16 measured 14 times slower where a processor lacks it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .minilm import LAYERS, Weights, embedded, pooled, pretrained, through
from .normalise import normalise

Say = Callable[[str], None]
LONGEST = 128


@dataclass(frozen=True)
class Recipe:
    """What was found to work on two small cores; layer norms and embeddings stay frozen."""

    epochs: int = 3
    batch: int = 32
    rate: float = 5e-5
    head_rate: float = 2e-3
    frozen_layers: int = 2
    smoothing: float = 0.05
    average: float = 0.995
    head_strength: float = 20.0
    seeds: tuple[int, ...] = (7, 8)
    windows_seed: int = 7


@dataclass
class Tuned:
    """Encoder weights and the linear head on top of them (labels by 384)."""

    weights: Weights
    head: NDArray[np.float64]
    bias: NDArray[np.float64]
    losses: list[float] = field(default_factory=list)


def tokenize(texts: Sequence[str]) -> list[list[int]]:
    """Token ids without padding or truncation, [CLS] and [SEP] included."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(pretrained()[1]))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return [e.ids for e in tokenizer.encode_batch([normalise(text).text for text in texts])]


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows (ids, or vectors per token) filled up to the longest one, and where they are present."""
    present = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True), present


def lower(weights: Weights, rows: Sequence[Sequence[int]], layers: int) -> list[Tensor]:
    """What the first layers make of each row of token ids: one vector per token."""
    out: list[Tensor] = [torch.empty(0)] * len(rows)
    with torch.no_grad():
        for part in _by_length(range(len(rows)), rows, 32):
            ids, present = padded([torch.tensor(rows[i]) for i in part])
            found = through(weights, embedded(weights, ids), present, range(layers))
            for i, row in zip(part, found, strict=True):
                out[i] = row[: len(rows[i])].clone()
    return out


def upper(weights: Weights, rows: Sequence[Tensor], layers: int) -> NDArray[np.float64]:
    """Unit-length vectors of texts, from what the first layers made of them."""
    out = np.zeros((len(rows), weights["norm.weight"].shape[0]))
    with torch.no_grad():
        for part in _by_length(range(len(rows)), rows, 32):
            x, present = padded([rows[i] for i in part])
            out[part] = pooled(through(weights, x, present, range(layers, LAYERS)), present).double().numpy()
    return out


def vectors(weights: Weights, rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Unit-length vectors of token rows."""
    return upper(weights, lower(weights, rows, LAYERS), LAYERS)


def head_first(x: NDArray[np.float64], truth: NDArray[np.intp], sample: NDArray[np.float64], strength: float) -> Tuned:
    """A linear head on the untouched encoder, so that fine-tuning starts from sensible gradients (LP-FT)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=500).fit(x, truth, sample_weight=sample)
    if len(model.classes_) == 2:  # one row of odds stands for two labels
        head, bias = np.vstack([-model.coef_, model.coef_]) / 2, np.array([-1, 1]) * model.intercept_ / 2
        return Tuned({}, head, bias)
    return Tuned({}, model.coef_, model.intercept_)


def fine_tune(
    rows: Sequence[list[int]],
    truth: NDArray[np.intp],
    sample: NDArray[np.float64],
    recipe: Recipe,
    say: Say,
    *,
    start: Tuned | None = None,
) -> Tuned:
    """Train head and upper layers on token rows; `sample` weighs each text. Returns the averaged weights.

    `start` is what another run ended with; without it the published weights get a head of their own first.
    The runs go side by side, one thread each: sums in another order would give other digits.
    """
    torch.set_num_threads(1)
    began = time.monotonic()
    known = _known(start.weights if start else pretrained()[0], rows, recipe)
    if start is None:
        weights = pretrained()[0]
        first = upper(weights, [seen[0] for seen in known], recipe.frozen_layers)
        start = head_first(first, truth, sample, recipe.head_strength)
        start.weights = weights
    say(f"lower layers and first head: {time.monotonic() - began:.0f} s")
    material = _Material(known, torch.tensor(truth), torch.tensor(sample, dtype=torch.float32))
    with ThreadPoolExecutor(len(recipe.seeds)) as side_by_side:
        runs = list(side_by_side.map(lambda seed: _run(seed, start, material, recipe, say), recipe.seeds))
    return _mean(runs, recipe)


@dataclass(frozen=True)
class _Material:
    """What the lower layers made of each text (of its one or two windows), its label and its weight."""

    known: list[list[Tensor]]
    labels: Tensor
    importance: Tensor


def _known(weights: Weights, rows: Sequence[list[int]], recipe: Recipe) -> list[list[Tensor]]:
    order = np.random.default_rng(recipe.windows_seed)
    cut = [_windows(row, order) for row in rows]
    first = lower(weights, [windows[0] for windows in cut], recipe.frozen_layers)
    second = iter(lower(weights, [windows[-1] for windows in cut if len(windows) > 1], recipe.frozen_layers))
    return [[seen, next(second)] if len(windows) > 1 else [seen] for seen, windows in zip(first, cut, strict=True)]


def _run(seed: int, start: Tuned, material: _Material, recipe: Recipe, say: Say) -> Tuned:
    """One run from `start` to its averaged weights."""
    torch.set_num_threads(1)  # counts for the thread that asks
    order = np.random.default_rng(seed)
    began = time.monotonic()
    live = _Live(start, recipe, seed)
    texts = [seen[0] for seen in material.known]
    steps = recipe.epochs * (len(texts) // recipe.batch)
    optimizer, schedule = live.optimizer(recipe, steps)
    losses: list[float] = []
    for batch in _batches(len(texts), recipe, order):
        total = 0.0
        for part in _by_length(batch, texts, 8):
            windows = (material.known[i] for i in part)
            x, present = padded([seen[int(order.integers(len(seen)))] for seen in windows])
            loss = live.loss(x, present, material.labels[part])
            loss = (loss * material.importance[part]).sum() / recipe.batch
            torch.autograd.backward(loss)
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(live.all, 1.0, error_if_nonfinite=True)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        live.mean.take()
        losses.append(total)
        if len(losses) % 50 == 0:
            told = f"loss {np.mean(losses[-50:]):.4f} norm {norm:.2f} {time.monotonic() - began:.0f} s"
            say(f"seed {seed}, step {len(losses)}/{steps} {told}")
    tuned = live.end(losses)
    say(f"seed {seed}: weights {_digest(tuned)}, {time.monotonic() - began:.0f} s")
    return tuned


def _mean(runs: Sequence[Tuned], recipe: Recipe) -> Tuned:
    weights = {
        name: torch.stack([run.weights[name] for run in runs]).mean(0) if _is_trained(name, recipe) else value
        for name, value in runs[0].weights.items()
    }
    head, bias = (np.mean([getattr(run, part) for run in runs], axis=0) for part in ("head", "bias"))
    return Tuned(weights, head, bias, list(np.mean([run.losses for run in runs], axis=0)))


def _digest(tuned: Tuned) -> str:
    """A name for one run's weights, to compare two runs by."""
    digest = hashlib.sha256()
    for name in sorted(tuned.weights):
        digest.update(tuned.weights[name].numpy().tobytes())
    digest.update(tuned.head.tobytes() + tuned.bias.tobytes())
    return digest.hexdigest()[:16]


class _Live:
    """The weights in training: upper layers, head and their running mean."""

    def __init__(self, start: Tuned, recipe: Recipe, seed: int) -> None:
        self.recipe = recipe
        self.chance = torch.Generator().manual_seed(seed)
        self.weights = {name: value.clone() for name, value in start.weights.items()}
        self.names = [name for name in self.weights if _is_trained(name, recipe)]
        self.before = {name: self.weights[name].clone() for name in self.names}
        self.head = torch.tensor(start.head, dtype=torch.float32, requires_grad=True)
        self.bias = torch.tensor(start.bias, dtype=torch.float32, requires_grad=True)
        self.layers = [self.weights[name].requires_grad_(True) for name in self.names]
        self.all = [*self.layers, self.head, self.bias]
        self.mean = _Average(self.all, recipe.average)

    def optimizer(self, recipe: Recipe, steps: int) -> tuple[Any, Any]:
        """AdamW with a short warm-up and a straight way down to zero."""
        groups = [
            {"params": self.layers, "lr": recipe.rate},
            {"params": [self.head, self.bias], "lr": recipe.head_rate},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / (0.06 * steps), max(0.0, 1 - step / steps))
        )
        return optimizer, schedule

    def loss(self, x: Tensor, present: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of each text, from what the lower layers made of it."""
        layers = range(self.recipe.frozen_layers, LAYERS)
        vectors = pooled(through(self.weights, x, present, layers, self.chance), present)
        logits = vectors @ self.head.T + self.bias
        return functional.cross_entropy(logits, labels, reduction="none", label_smoothing=self.recipe.smoothing)

    def end(self, losses: list[float]) -> Tuned:
        """The mean weights; ArithmeticError when a layer never moved (a gradient that was silently zero)."""
        self.mean.put()
        for name in self.names:
            self.weights[name] = self.weights[name].detach()
            if torch.equal(self.weights[name], self.before[name]):
                raise ArithmeticError(f"Training did not move {name}.")
        head, bias = (t.detach().double().numpy() for t in (self.head, self.bias))
        return Tuned(self.weights, head, bias, losses)


def _is_trained(name: str, recipe: Recipe) -> bool:
    first = name.split(".", maxsplit=1)[0]
    return first.isdigit() and recipe.frozen_layers <= int(first) < LAYERS and "norm" not in name


class _Average:
    """Exponential average of the weights: steadier than the last step, at no cost when the model runs."""

    def __init__(self, live: list[Tensor], keep: float) -> None:
        self.live, self.keep, self.steps = live, keep, 0
        self.mean = [t.detach().clone() for t in live]

    def take(self) -> None:
        self.steps += 1
        keep = min(self.keep, self.steps / (self.steps + 9))
        with torch.no_grad():
            for mean, live in zip(self.mean, self.live, strict=True):
                mean.lerp_(live, 1 - keep)

    def put(self) -> None:
        with torch.no_grad():
            for mean, live in zip(self.mean, self.live, strict=True):
                live.copy_(mean)


def _batches(count: int, recipe: Recipe, order: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    for _ in range(recipe.epochs):
        mixed = order.permutation(count)
        for at in range(0, count - recipe.batch + 1, recipe.batch):
            yield mixed[at : at + recipe.batch]


def _by_length(batch: Iterable[int], rows: Sequence[Sized], size: int) -> Iterator[list[int]]:
    """Cut a mixed batch into parts of like length: one step still sees all labels, padding costs little."""
    ordered = sorted((int(i) for i in batch), key=lambda i: len(rows[i]))
    for at in range(0, len(ordered), size):
        yield ordered[at : at + size]


def _windows(row: list[int], order: np.random.Generator) -> list[list[int]]:
    """The first LONGEST tokens; of a longer text also as many from somewhere else in it."""
    if len(row) <= LONGEST:
        return [row]
    body = LONGEST - 2
    starts = [0, int(order.integers(1, len(row) - 2 - body + 1))]
    return [[row[0], *row[1 + start : 1 + start + body], row[-1]] for start in starts]
