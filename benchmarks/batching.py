"""What the batcher keeps of the bare forward pass, from JPEG bytes: ``python -m benchmarks.batching``.

In one process, without bus and HTTP. On a shared machine the bare forward wanders, so every measurement of the batcher
has its own of the bare forward right before it; the median of the rounds' ratios counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from benchmarks.labelled.photographs import variants

from dino_inference.batcher import Batcher
from dino_inference.card_store import find_card
from dino_inference.core.engines.choose import make_engine
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir
from dino_inference.visual_model import VisualModel

RESULTS = Path("benchmarks/results/batching.json")
CONCURRENCIES = (1, 8, 32)
MAX_BATCHES = (1, 8)
DECODE_THREADS = (1, 2)


@dataclass(frozen=True)
class Limits:
    """The batcher's settings."""

    decode_threads: int
    max_batch_delay_ms: float = 5.0
    queue_limit: int = 256


def bare(model: VisualModel, pixels: np.ndarray, batch: int, count: int) -> float:
    """Pictures a second of the forward pass alone."""
    began = time.perf_counter()
    for _ in range(0, count, batch):
        model.embed(pixels[:batch])
    return count / (time.perf_counter() - began)


async def served(model: VisualModel, data: list[bytes], concurrency: int, decoders: int, count: int) -> float:
    """Pictures a second through the batcher with this many callers."""
    batcher = Batcher(model, Limits(decoders))
    await batcher.start()
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await batcher.submit(data[number % len(data)])

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(concurrency)))
    seconds = time.perf_counter() - began
    await batcher.stop()
    return count / seconds


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batching", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir())
    options = parser.parse_args()
    cache = options.cache_dir.expanduser()
    directory = locate("", cache)
    card = find_card(directory, cache)
    engine = make_engine(directory, card, device="cpu", graphs=cache / "graphs")
    data = [item.data for item in variants() if item.change == "jpeg-90"]
    by_batch = {size: VisualModel(card, engine, batch_size=size) for size in MAX_BATCHES}
    pixels = np.stack([by_batch[8].preprocess(item) for item in data[:8]])
    forward: list[float] = []
    rates: dict[str, list[float]] = {}
    ratios: dict[str, list[float]] = {}
    bare(by_batch[8], pixels, 8, 16)
    for _ in range(options.rounds):
        for size, model in by_batch.items():
            for concurrency in CONCURRENCIES:
                for decoders in DECODE_THREADS:
                    forward.append(bare(by_batch[8], pixels, 8, 24))
                    rate = asyncio.run(served(model, data, concurrency, decoders, 48))
                    key = f"callers {concurrency}, max batch {size}, decode threads {decoders}"
                    rates.setdefault(key, []).append(rate)
                    ratios.setdefault(key, []).append(rate / forward[-1])
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.batching",
        "model_version": card.version,
        "engine": f"{engine.name} {engine.precision}",
        "pictures": f"{len(data)} photographs as JPEG, {np.mean([len(item) for item in data]) / 1000:.0f} KB each",
        "rounds": options.rounds,
        "bare_forward_pictures_a_second": {
            "median": round(float(np.median(forward)), 2),
            "lowest": round(min(forward), 2),
            "highest": round(max(forward), 2),
        },
        "pictures_a_second": {key: round(float(np.median(found)), 2) for key, found in rates.items()},
        "part_of_bare_forward": {key: round(float(np.median(found)), 3) for key, found in ratios.items()},
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
