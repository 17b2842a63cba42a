"""How fast the shipped weights are on one thread: one text, batches, loading, memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .local import LocalModel

Say = Callable[[str], None]
BATCH = 200  # what a worker claims at once


def speed(texts: Sequence[str], weights: Path, *, say: Say) -> dict[str, float]:
    """Wall and cpu time per text, texts per second of this thread; on a busy machine only cpu time means something."""
    started = time.perf_counter()
    model = LocalModel(weights)
    found = {"load_s": time.perf_counter() - started, "import_s": _import_time()}
    model.predict(texts[:30])
    each = []
    for text in texts:
        wall, cpu = time.perf_counter(), time.process_time()
        model.predict([text])
        each.append((time.perf_counter() - wall, time.process_time() - cpu))
    (found["p50_ms"], found["p50_cpu_ms"]), (found["p99_ms"], found["p99_cpu_ms"]) = (
        (float(wall) * 1000, float(cpu) * 1000) for wall, cpu in np.percentile(each, [50, 99], axis=0)
    )
    cpu, wall = time.process_time(), time.perf_counter()
    for at in range(0, len(texts), BATCH):
        model.predict(texts[at : at + BATCH])
    found["texts_per_cpu_s"] = len(texts) / (time.process_time() - cpu)
    found["texts_per_s"] = len(texts) / (time.perf_counter() - wall)
    found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["load"] = os.getloadavg()[0]
    found["artefact_mb"] = sum(p.stat().st_size for p in weights.iterdir() if p.is_file()) / 1e6
    say(f"\nimport {found['import_s']:.2f} s, load {found['load_s']:.2f} s, artefact {found['artefact_mb']:.1f} MB")
    say(f"one text on one thread: p50 {found['p50_ms']:.2f} ms, p99 {found['p99_ms']:.2f} ms")
    say(f"of which on the processor: p50 {found['p50_cpu_ms']:.2f} ms, p99 {found['p99_cpu_ms']:.2f} ms")
    say(f"batches of {BATCH}: {found['texts_per_s']:.0f} texts/s, {found['texts_per_cpu_s']:.0f} per cpu second")
    say(f"most memory of this process {found['peak_mib']:.0f} MiB; load of the machine {found['load']:.1f}")
    return found


def _import_time() -> float:
    """Seconds that a fresh interpreter needs to import the model's modules."""
    script = (
        "import time; t = time.perf_counter(); import quietus.textmodel.local, onnxruntime;"
        " print(time.perf_counter() - t)"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root)
    return float(ran.stdout)
