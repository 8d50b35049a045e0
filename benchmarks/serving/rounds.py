"""The measured rounds: every contestant in turn, again and again, so that a noisy minute hits all alike."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field

from benchmarks.serving.bare_client import FORWARDS, Bare
from benchmarks.serving.ours import Ours
from benchmarks.serving.peers import RunningPeer
from benchmarks.serving.pictures import FreshPictures

CLIENTS = (1, 8, 32)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds, pictures a cell by clients, pictures of a bare forward, cached requests a cell."""

    rounds: int
    pictures: dict[int, int]
    bare: int
    cached: int


FULL = Effort(rounds=5, pictures={1: 40, 8: 60, 32: 90}, bare=48, cached=3000)
QUICK = Effort(rounds=2, pictures={1: 16, 8: 32, 32: 48}, bare=24, cached=1000)


@dataclass
class Cells:
    """Figures of all rounds: by contestant, by clients (0 without HTTP), a list a figure."""

    rows: dict[tuple[str, int], dict[str, list[float]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, name: str, clients: int, **figures: float) -> None:
        """Add one round's figures."""
        for figure, value in figures.items():
            self.rows[name, clients].setdefault(figure, []).append(value)

    def median(self, name: str, clients: int, figure: str = "images_per_second") -> float:
        """Return the median over the rounds."""
        return statistics.median(self.rows[name, clients][figure])


async def measure_round(
    cells: Cells, effort: Effort, bare: Bare, servers: list[Ours | RunningPeer], pictures: FreshPictures
) -> None:
    """Measure everything once."""
    for forward in FORWARDS:
        speed, cpu = await bare.measure(forward, effort.bare)
        cells.add(forward.text, 0, images_per_second=speed, cpu_ms_per_image=cpu)
    for clients in CLIENTS:
        for server in servers:
            files = pictures.take(effort.pictures[clients])
            spent: dict[str, float] = {}
            if isinstance(server, Ours):
                ids = await server.upload(files)
                before, each = server.cpu_seconds(), server.cpu_by_process()
                measured, _ = await server.extract(ids, clients)
                now = server.cpu_by_process()
                spent = {f"cpu_ms_{name}": 1000 * (now[name] - each[name]) / len(files) for name in now}
            else:
                before = server.cpu_seconds()
                measured, _ = await server.measure(files, clients)
            cells.add(
                server.name,
                clients,
                images_per_second=measured.per_second,
                p50_ms=measured.p50_ms,
                p99_ms=measured.p99_ms,
                cpu_ms_per_image=1000 * (server.cpu_seconds() - before) / len(files),
                load_cpu_ms=measured.load_cpu_ms,
                **spent,
            )
            print(f"  {server.name:9} {clients:2} clients: {measured.per_second:6.2f} images/s", flush=True)


async def measure_cached(cells: Cells, effort: Effort, ours: Ours, warm: list[str]) -> None:
    """Measure requests whose features are in the cache."""
    for name, url, requests in (
        ("extract-features, cached", ours.extract_url, ours.extractions(warm)),
        ("validate-consistency, cached", ours.validate_url, ours.validations(warm)),
    ):
        for clients in CLIENTS:
            before = ours.cpu_by_process()
            measured, _ = await ours.load(url, requests, clients, effort.cached)
            spent = {key: 1000 * (value - before[key]) / effort.cached for key, value in ours.cpu_by_process().items()}
            cells.add(
                name,
                clients,
                requests_per_second=measured.per_second,
                p50_ms=measured.p50_ms,
                p99_ms=measured.p99_ms,
                load_cpu_ms=measured.load_cpu_ms,
                **{f"cpu_ms_{key}": value for key, value in spent.items()},
            )
            print(f"  {name:29} {clients:2} clients: {measured.per_second:7.1f} requests/s", flush=True)
