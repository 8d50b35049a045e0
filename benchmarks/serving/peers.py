"""LitServe and mosec, each in the ways that its documentation offers for a CPU, and which of them is fastest here."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from benchmarks.serving.http_load import Measured, connects, load, post
from benchmarks.serving.pictures import FreshPictures
from benchmarks.serving.processes import Peer, free_port

CORES = os.cpu_count() or 1
TUNING_CLIENTS, TUNING_REQUESTS = 32, 48


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to run a peer.

    Attributes:
        peer: litserve or mosec.
        text: for the report.
        decoders: processes that only decode (mosec).
        workers: processes with a model.
        threads: of the engine in each; 0 for all cores.
        batch: largest batch.
        wait_ms: how long a batch waits for company.
    """

    peer: str
    text: str
    decoders: int
    workers: int
    threads: int
    batch: int
    wait_ms: int


SETUPS = (
    Setup("litserve", "1 worker on all cores, batch 8 (5 ms)", 0, 1, 0, 8, 5),
    Setup("litserve", "1 worker on all cores, no batching", 0, 1, 0, 1, 0),
    Setup("litserve", f"{CORES} workers of one thread, no batching", 0, CORES, 1, 1, 0),
    Setup("litserve", f"{CORES} workers of one thread, batch 4 (5 ms)", 0, CORES, 1, 4, 5),
    Setup("mosec", "1 decoder, 1 model on all cores, batch 8 (1 ms)", 1, 1, 0, 8, 1),
    Setup("mosec", "1 decoder, 1 model on all cores, no batching", 1, 1, 0, 1, 1),
    Setup("mosec", f"{CORES} one-stage workers of one thread, no batching", 0, CORES, 1, 1, 1),
    Setup("mosec", f"{CORES} decoders, {CORES} models of one thread, no batching", CORES, CORES, 1, 1, 1),
)
# Fastest in earlier runs on two cores; taken without trying by --quick.
USUAL = {"litserve": SETUPS[2], "mosec": SETUPS[6]}


class RunningPeer:
    """A peer that answers."""

    def __init__(self, setup: Setup) -> None:
        """Start its processes."""
        self.setup = setup
        self.name = setup.peer
        port = free_port()
        if setup.peer == "litserve":
            self.url = f"http://127.0.0.1:{port}/predict"
            numbers = (port, setup.workers, setup.threads, setup.batch, setup.wait_ms)
            self._peer = Peer("litserve_app", [str(number) for number in numbers])
        else:
            self.url = f"http://127.0.0.1:{port}/inference"
            options = {name: getattr(setup, name) for name in ("decoders", "workers", "threads", "batch", "wait_ms")}
            arguments = ["--address", "127.0.0.1", "--port", str(port), "--timeout", "120000", "--log-level", "warning"]
            self._peer = Peer("mosec_app", arguments, {"BENCH_MOSEC": json.dumps(options)})

    def requests(self, files: list[bytes]) -> list[bytes]:
        """Return a request for each file."""
        return [post(self.url, data, "application/octet-stream") for data in files]

    async def measure(self, files: list[bytes], clients: int) -> tuple[Measured, dict]:
        """Send each file once."""
        return await load(self.url, self.requests(files), clients)

    async def ready(self, pictures: FreshPictures) -> list[float]:
        """Wait until every worker had the chance to answer; return the features of the first photograph."""
        features: list[float] = []

        async def answers() -> None:
            nonlocal features
            await connects(self.url)
            _, answer = await self.measure(pictures.take(1), 1)
            features = answer["features"]
            await self.measure(pictures.take(8), 4)

        await self._peer.wait(answers)
        return features

    def cpu_seconds(self) -> float:
        """Processor time so far."""
        return self._peer.cpu_seconds()

    def stop(self) -> None:
        """End it."""
        self._peer.stop()


async def fastest(peer: str, pictures: FreshPictures) -> tuple[Setup, list[dict]]:
    """Try every setup of a peer with many clients; return the fastest and what each did."""
    tried: list[tuple[float, Setup, dict]] = []
    for setup in (one for one in SETUPS if one.peer == peer):
        running = RunningPeer(setup)
        try:
            await running.ready(pictures)
            measured, _ = await running.measure(pictures.take(TUNING_REQUESTS), TUNING_CLIENTS)
        finally:
            running.stop()
        row = {"peer": peer, "setup": setup.text, "images_per_second": round(measured.per_second, 2)}
        print(f"  {peer}: {setup.text}: {measured.per_second:.2f} images/s", flush=True)
        tried.append((measured.per_second, setup, row))
    best = max(tried, key=lambda one: one[0])
    return best[1], [row for _, _, row in tried]
