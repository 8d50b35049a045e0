"""Shot boundaries on films of known truth: ``python -m benchmarks.video.boundaries``; writes benchmarks/results.

Every detector decodes every held-out film itself, one after the other in one process. The peers are also tried at other
thresholds; of those the best on these very films is reported, which favours them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.video import contestants
from benchmarks.video.contestants import TRANSNET_OTHERS
from benchmarks.video.encode import write
from benchmarks.video.film import Film, Recipe, compose
from benchmarks.video.matching import ALL, CUTS, GRADUAL, Tally
from benchmarks.video.table import table

from dino_video.core.decode.run import decode
from dino_video.core.media.facts import probe
from dino_video.core.shots.boundaries import Boundary
from dino_video.core.shots.detectors.interface import ShotDetector
from dino_video.core.shots.detectors.transnet import TransNetDetector, boundaries_of, own_threshold

FILMS = Path("var/bench/video/films-v1")
RESULTS = Path("benchmarks/results")
FIRST_SEED = 1
SIZE = (480, 270)


@dataclass
class Outcome:
    """What one contestant found in all films, and what it took."""

    detector: str
    settings: str
    learned: bool
    tally: Tally = field(default_factory=Tally)
    frames: int = 0
    wall_s: float = 0.0
    core_s: float = 0.0

    def add(self, found: Sequence[Boundary], film: Film) -> None:
        self.tally.add(found, film.boundaries, film.length, film.opening, film.closing)

    def merge(self, other: Outcome) -> None:
        """Add what the same contestant found in other films."""
        self.tally.merge(other.tally)
        self.frames += other.frames
        self.wall_s += other.wall_s
        self.core_s += other.core_s

    @property
    def mean(self) -> float:
        """The mean of both F1."""
        return (self.tally.rates(CUTS)[2] + self.tally.rates(GRADUAL)[2]) / 2

    def row(self) -> dict[str, Any]:
        def rates(kinds: Sequence[str]) -> dict[str, float]:
            precision, recall, f1 = self.tally.rates(kinds)
            return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}

        tally = self.tally
        gradual = max(1, sum(tally.hit.get(kind, 0) for kind in GRADUAL))
        return {
            "detector": self.detector,
            "settings": self.settings,
            "learned": self.learned,
            "cuts": rates(CUTS),
            "gradual": rates(GRADUAL),
            "all": rates(ALL),
            "recall_by_kind": {kind: round(tally.hit.get(kind, 0) / count, 4) for kind, count in tally.true.items()},
            "false": tally.false,
            "kind_right": round(tally.kind_right / max(1, sum(tally.hit.values())), 4),
            "ends_within": round(tally.ends_within / gradual, 4),
            "frames_per_s": round(self.frames / self.wall_s, 1) if self.wall_s else None,
            "core_ms_per_frame": round(1000 * self.core_s / self.frames, 3) if self.core_s else None,
        }


@dataclass
class Board:
    """The outcomes of every contestant and setting over some films.

    ``timed`` are the detectors as their authors set them, each run alone; ``others`` are other thresholds.
    """

    timed: list[Outcome]
    others: list[Outcome]
    lengths: int = 0
    boundaries: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ALL, 0))
    films: int = 0

    def merge(self, other: Board) -> None:
        """Add other films."""
        for mine, theirs in zip([*self.timed, *self.others], [*other.timed, *other.others], strict=True):
            mine.merge(theirs)
        self.lengths += other.lengths
        self.films += other.films
        self.boundaries = {kind: self.boundaries[kind] + other.boundaries[kind] for kind in ALL}

    def rows(self) -> list[dict[str, Any]]:
        """Return each contestant as its authors set it and, where another threshold did better, at the best one."""
        found = []
        for outcome in self.timed:
            found.append(outcome.row())
            rivals = [item for item in self.others if item.detector == outcome.detector and item.mean > outcome.mean]
            if rivals:
                best = max(rivals, key=lambda other: other.mean).row()
                best["settings"] += ", best on these films"
                found.append(best)
        return found


def over_film(seed: int, only: str = "") -> Board:
    """Run everything over one film: the timed ones alone, the others together; ``only`` names some of them."""
    film, path = film_of(seed)
    facts = probe(path)
    counts = {kind: sum(1 for item in film.boundaries if item.kind == kind) for kind in ALL}
    board = Board([], [], film.length, counts, 1)
    read_again: list[Outcome] = []
    for item in contestants.defaults():
        if only not in item.name:
            continue
        outcome = Outcome(item.name, item.settings, item.learned)
        board.timed.append(outcome)
        detector = item.make(facts.rate)
        wall, core = time.perf_counter(), time.process_time()
        done = decode(path, facts, [detector])
        outcome.add(detector.finish(), film)
        outcome.wall_s, outcome.core_s = time.perf_counter() - wall, time.process_time() - core
        outcome.frames = done.frames
        if isinstance(detector, TransNetDetector):
            # One run gives the scores; each threshold reads them.
            for value in TRANSNET_OTHERS:
                other = Outcome("TransNetV2", f"threshold {own_threshold(value):.3f}", True)
                other.add(boundaries_of(*detector.scores(), own_threshold(value), value), film)
                read_again.append(other)
    peers = [item for item in contestants.others() if only in item.name]
    detectors: list[ShotDetector] = [item.make(facts.rate) for item in peers]
    decode(path, facts, detectors)
    for item, detector in zip(peers, detectors, strict=True):
        outcome = Outcome(item.name, item.settings, item.learned)
        outcome.add(detector.finish(), film)
        board.others.append(outcome)
    board.others += read_again
    return board


def film_of(seed: int) -> tuple[Film, Path]:
    """Compose a held-out film, and encode it unless it is there."""
    film = compose(Recipe("held-out", seed, size=SIZE))
    path = FILMS / f"held-out-{seed}.mp4"
    if not path.exists():
        write(film, path.with_suffix(".part")).rename(path)
    return film, path


def main() -> None:
    """Measure every detector and write JSON and Markdown, after each film what is known so far."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video.boundaries", description=main.__doc__)
    parser.add_argument("--films", type=int, default=6, help="held-out films of 30 boundaries")
    parser.add_argument("--workers", type=int, default=1, help="films at once; 1 for speeds that mean something")
    parser.add_argument("--only", default="", help="detectors whose name holds this")
    options = parser.parse_args()
    board: Board | None = None
    seeds = range(FIRST_SEED, FIRST_SEED + options.films)
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for part in pool.map(partial(over_film, only=options.only), seeds):
            if board is None:
                board = part
            else:
                board.merge(part)
            found = {
                "measured_on": datetime.now(UTC).date().isoformat(),
                "command": f"{parser.prog} --films {board.films}"
                + f" --workers {options.workers}" * (options.workers > 1),
                "films": board.films,
                "frames": board.lengths,
                "size": list(SIZE),
                "first_seed": FIRST_SEED,
                "boundaries": board.boundaries,
                "detectors": board.rows(),
            }
            RESULTS.mkdir(parents=True, exist_ok=True)
            (RESULTS / "video_shots.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
            (RESULTS / "video_shots.md").write_text(table(found))
            print(table(found), flush=True)


def _options(options: argparse.Namespace) -> str:
    workers = f" --workers {options.workers}" if options.workers > 1 else ""
    return workers + (f" --only {options.only}" if options.only else "")


if __name__ == "__main__":
    main()
