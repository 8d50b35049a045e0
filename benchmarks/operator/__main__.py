"""Our operator beside one that does nothing, and beside applying the same objects bare: ``make bench-operator``.

BENCH_RESOURCES (1000) says how many DinoDeployments. Each contender gets a fresh API server without controllers;
NATS is real. Writes benchmarks/results/operator.json and operator.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.operator import bare
from benchmarks.operator.contenders import measure_noop, measure_ours
from benchmarks.operator.plane import fresh_plane
from benchmarks.operator.report import table
from benchmarks.serving.machine import machine

from dino_local.offspring import Guard
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.servers import NatsServer

RESULTS = Path(__file__).parents[1] / "results"


@asynccontextmanager
async def nats(directory: Path) -> AsyncIterator[str]:
    """A NATS server of our own."""
    server = NatsServer(directory / "nats", "127.0.0.1", PortPicker(prefer_usual=False).pick("nats", 0))
    guard = Guard()
    child = Child(server.program(), log_file=directory / "nats.log", guard=guard)
    await child.start()
    await child.wait_ready()
    try:
        yield server.url
    finally:
        await child.stop()
        guard.close()


async def main() -> None:
    count = int(os.environ.get("BENCH_RESOURCES", "1000"))
    found: dict = {"resources": count, "machine": machine()}
    found["machine"]["packages"] |= {name: version(name) for name in ("kopf", "aiohttp", "kubernetes")}
    with tempfile.TemporaryDirectory(prefix="bench-operator-") as name:
        directory = Path(name)
        with fresh_plane() as kubeconfig:
            found["noop"] = await measure_noop(kubeconfig, directory, count)
            print("noop", json.dumps(found["noop"]), flush=True)
        with fresh_plane() as kubeconfig:
            found["bare"] = await bare.measure(kubeconfig, count)
            print("bare", json.dumps(found["bare"]), flush=True)
        with fresh_plane() as kubeconfig:
            async with nats(directory) as url:
                found["ours"] = await measure_ours(kubeconfig, directory, count, url)
            print("ours", json.dumps(found["ours"]), flush=True)
    (RESULTS / "operator.json").write_text(json.dumps(found, indent=2) + "\n")
    text = table(found)
    (RESULTS / "operator.md").write_text(text)
    print(text)


if __name__ == "__main__":
    asyncio.run(main())
