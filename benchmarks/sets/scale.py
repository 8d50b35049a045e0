"""Time and memory of every work on a set at 10,000 and 100,000 vectors, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.sets.made import keep_centres, kept_centres, library

from dino_analytics.core.sets.clusters import default_min_size
from dino_analytics.core.sets.neighbours import nearest_neighbours
from dino_analytics.core.sets.works import WORKS
from dino_analytics.core.similarity import similarity_matrix, unit_rows

ALIKE = 0.498
SIZES = (10_000, 100_000)


def options(work: str, count: int) -> dict:
    if work == "candidates":
        return {"min_cosine": 0.6}
    if work == "patterns":
        return {"neighbours": 10, "min_size": default_min_size(count), "alike": ALIKE, "seed": 0}
    return {"method": "density", "k": None, "min_size": default_min_size(count), "alike": ALIKE}


def one(work: str, count: int, centres: Path) -> dict:
    rows = library(kept_centres(centres), count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began, used = time.perf_counter(), time.process_time()
    if work == "neighbours":
        found = nearest_neighbours(rows, 10)
        seconds, cpu = time.perf_counter() - began, time.process_time() - used
        sample = np.random.default_rng(1).choice(count, 300, replace=False)
        cosines = rows[sample] @ rows.T
        cosines[np.arange(300), sample] = -2
        truth = np.argpartition(-cosines, 10, axis=1)[:, :10]
        shared = [len(np.intersect1d(a, b)) for a, b in zip(truth, found.index[sample], strict=True)]
        extra = {"recall_at_10": round(float(np.mean(shared)) / 10, 4)}
    else:
        answer = WORKS[work](rows, options(work, count), lambda share, stage: None)
        seconds, cpu = time.perf_counter() - began, time.process_time() - used
        extra = {"pairs": len(answer["pairs"])} if work == "candidates" else {"clusters": len(answer["members"])}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "work": work,
        "vectors": count,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": round(peak),
        "before_mb": round(before),
        **extra,
    }


def matrix() -> dict:
    """1,000 × 1,000 as batch-similarity computes it, beside the bare product."""
    rows = unit_rows(np.random.default_rng(0).normal(size=(1000, 384)))
    times: dict[str, list[float]] = {"ours": [], "blas": []}
    for _ in range(30):
        for name, call in (("ours", lambda: similarity_matrix(rows)), ("blas", lambda: rows @ rows.T)):
            began = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - began))
    return {name: round(float(np.median(found)), 2) for name, found in times.items()}


def measure(sizes: tuple[int, ...] = SIZES) -> dict:
    results = []
    with tempfile.TemporaryDirectory() as folder:
        centres = Path(folder) / "centres.npy"
        keep_centres(centres)
        for count in sizes:
            for work in ("neighbours", "candidates", "clusters", "patterns"):
                command = [sys.executable, "-m", "benchmarks.sets.scale", work, str(count), str(centres)]
                results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
                print(results[-1], flush=True)
    return {"works": results, "matrix_ms": matrix()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("count", type=int)
    parser.add_argument("centres", type=Path)
    given = parser.parse_args()
    print(json.dumps(one(given.work, given.count, given.centres)))
