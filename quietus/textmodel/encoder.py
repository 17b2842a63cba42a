"""The encoder half at run time: token vectors from the int8 graph, a linear head on their mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .wordpiece import Tokens, WordPiece

Array = NDArray[np.float64]
LONGEST = 126  # pieces in one window; [CLS] and [SEP] make it 128


@dataclass(frozen=True)
class Read:
    """Logits of one window and what each of its pieces added: `score == bias + rest + each.sum(axis=0)`."""

    score: Array
    each: Array
    rest: Array


class Encoder:
    """One session on one thread: the worker's processes are the parallelism, and a fork keeps it usable."""

    def __init__(self, graph: Path, vocabulary: dict[str, int], head: Array, bias: Array) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # The graph is written as it should run; higher levels would fuse sums and norms into a slower kernel.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no base class of their own
            raise ValueError(f"{graph.name}: {type(error).__name__}") from None
        self._pieces = WordPiece(vocabulary)
        self.head = head
        self.bias = bias

    def tokens(self, plain: str) -> Tokens:
        """The pieces of a normalised text."""
        return self._pieces.tokens(plain)

    def read(self, ids: list[int]) -> Read:
        """One window of at most LONGEST pieces. The mean of the vectors is linear, so each share is exact."""
        row = np.array([[self._pieces.begin, *ids[:LONGEST], self._pieces.end]], np.int64)
        at = np.arange(row.shape[1], dtype=np.int64)[None]
        vectors = self._session.run(None, {"ids": row, "at": at})[0][0].astype(np.float64)
        shares = vectors / np.linalg.norm(vectors.sum(axis=0))
        each = np.einsum("tw,lw->tl", shares, self.head)
        return Read(self.bias + each.sum(axis=0), each[1:-1], each[0] + each[-1])
