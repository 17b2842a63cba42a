"""Fine-tune the encoder on labelled texts: head first, then the upper layers; averaged weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .minilm import LAYERS, Weights, pretrained, text_vectors
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
    seed: int = 7


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


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask as tensors of the longest row's width."""
    width = max(len(r) for r in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    present = torch.zeros(len(rows), width)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        present[i, : len(row)] = 1
    return ids, present


def vectors(weights: Weights, rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Unit-length vectors of token rows, computed in batches of like length."""
    out = np.zeros((len(rows), weights["norm.weight"].shape[0]))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    with torch.no_grad():
        for at in range(0, len(order), 32):
            chunk = order[at : at + 32]
            with torch.autocast("cpu", torch.bfloat16):
                found = text_vectors(weights, *padded([rows[i] for i in chunk]))
            out[chunk] = found.double().numpy()
    return out


def head_first(x: NDArray[np.float64], truth: NDArray[np.intp], sample: NDArray[np.float64], strength: float) -> Tuned:
    """A linear head on the untouched encoder, so that fine-tuning starts from sensible gradients (LP-FT)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=500).fit(x, truth, sample_weight=sample)
    if len(model.classes_) == 2:  # one row of odds stands for two labels
        head, bias = np.vstack([-model.coef_, model.coef_]) / 2, np.array([-1, 1]) * model.intercept_ / 2
        return Tuned({}, head, bias)
    return Tuned({}, model.coef_, model.intercept_)


def _published(
    rows: Sequence[list[int]], truth: NDArray[np.intp], sample: NDArray[np.float64], recipe: Recipe
) -> Tuned:
    weights, _ = pretrained()
    found = head_first(vectors(weights, [r[:LONGEST] for r in rows]), truth, sample, recipe.head_strength)
    return Tuned(weights, found.head, found.bias)


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
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)  # sums in another order would give other digits
    order = np.random.default_rng(recipe.seed)
    started = time.monotonic()
    if start is None:
        start = _published(rows, truth, sample, recipe)
        say(f"head on the frozen encoder: {time.monotonic() - started:.0f} s")
    live = _Live(start, recipe)
    steps = recipe.epochs * (len(rows) // recipe.batch)
    optimizer, schedule = live.optimizer(recipe, steps)
    labels, importance = torch.tensor(truth), torch.tensor(sample, dtype=torch.float32)
    losses: list[float] = []
    for batch in _batches(len(rows), recipe, order):
        total = 0.0
        for part in _by_length(batch, rows):
            ids, present = padded([_window(rows[i], order) for i in part])
            loss = live.loss(ids, present, labels[part], recipe.smoothing)
            loss = (loss * importance[part]).sum() / recipe.batch
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(live.all, 1.0, error_if_nonfinite=True)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        live.mean.take()
        losses.append(total)
        if len(losses) % 50 == 0:
            seconds = time.monotonic() - started
            say(f"step {len(losses)}/{steps} loss {np.mean(losses[-50:]):.4f} norm {norm:.2f} {seconds:.0f} s")
    return live.end(losses)


class _Live:
    """The weights in training: upper layers, head and their running mean."""

    def __init__(self, start: Tuned, recipe: Recipe) -> None:
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

    def loss(self, ids: Tensor, present: Tensor, labels: Tensor, smoothing: float) -> Tensor:
        """Cross-entropy of each text; the encoder in bfloat16, the head in full."""
        with torch.autocast("cpu", torch.bfloat16):
            x = text_vectors(self.weights, ids, present, training=True)
        logits = x.float() @ self.head.T + self.bias
        return functional.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)

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


def _by_length(batch: NDArray[np.intp], rows: Sequence[list[int]]) -> Iterator[list[int]]:
    """Cut a mixed batch into parts of like length: one step still sees all labels, padding costs little."""
    ordered = sorted((int(i) for i in batch), key=lambda i: len(rows[i]))
    for at in range(0, len(ordered), 8):
        yield ordered[at : at + 8]


def _window(row: list[int], order: np.random.Generator) -> list[int]:
    """At most LONGEST tokens: mostly the beginning, sometimes from anywhere."""
    if len(row) <= LONGEST:
        return row
    body = LONGEST - 2
    start = 0 if order.random() < 0.5 else int(order.integers(0, len(row) - 2 - body + 1))
    return [row[0], *row[1 + start : 1 + start + body], row[-1]]
