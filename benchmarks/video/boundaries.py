"""Shot boundaries on films of known truth: ``python -m benchmarks.video.boundaries``; writes benchmarks/results.

Every detector decodes every held-out film itself, one after the other in one process. The peers are also tried at other
thresholds; of those the best on these very films is reported, which favours them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.video import contestants
from benchmarks.video.contestants import TRANSNET_OTHERS, Contestant
from benchmarks.video.encode import write
from benchmarks.video.film import Film, Recipe, compose
from benchmarks.video.matching import ALL, CUTS, GRADUAL, Tally
from benchmarks.video.table import table

from dino_video.core.decode.run import decode
from dino_video.core.media.facts import VideoFacts, probe
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


class Board:
    """The outcomes of every contestant and setting, film after film."""

    def __init__(self) -> None:
        self.timed = [(item, Outcome(item.name, item.settings, item.learned)) for item in contestants.defaults()]
        self.others = [(item, Outcome(item.name, item.settings, item.learned)) for item in contestants.others()]
        self.read_again = [
            (value, Outcome("TransNetV2", f"threshold {own_threshold(value):.3f}", True)) for value in TRANSNET_OTHERS
        ]

    def add(self, film: Film, path: Path) -> None:
        """Run everything over one film: the timed ones alone, the others together."""
        facts = probe(path)
        for item, outcome in self.timed:
            self._timed(item, outcome, film, path, facts)
        detectors: list[ShotDetector] = [item.make(facts.rate) for item, _ in self.others]
        decode(path, facts, detectors)
        for detector, (_, outcome) in zip(detectors, self.others, strict=True):
            outcome.add(detector.finish(), film)

    def _timed(self, item: Contestant, outcome: Outcome, film: Film, path: Path, facts: VideoFacts) -> None:
        detector = item.make(facts.rate)
        wall, core = time.perf_counter(), time.process_time()
        done = decode(path, facts, [detector])
        found = detector.finish()
        outcome.wall_s += time.perf_counter() - wall
        outcome.core_s += time.process_time() - core
        outcome.frames += done.frames
        outcome.add(found, film)
        if isinstance(detector, TransNetDetector):
            # One run gives the scores; each threshold reads them.
            for value, other in self.read_again:
                other.add(boundaries_of(*detector.scores(), own_threshold(value), value), film)

    def rows(self) -> list[dict[str, Any]]:
        """Return each contestant as its authors set it and, where another threshold did better, at the best one."""
        found = []
        everything = [outcome for _, outcome in self.others] + [outcome for _, outcome in self.read_again]
        for _, outcome in self.timed:
            found.append(outcome.row())
            rivals = [other for other in everything if other.detector == outcome.detector and other.mean > outcome.mean]
            if rivals:
                best = max(rivals, key=lambda other: other.mean).row()
                best["settings"] += ", best on these films"
                found.append(best)
        return found


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
    options = parser.parse_args()
    board, seen = Board(), []
    for seed in range(FIRST_SEED, FIRST_SEED + options.films):
        film, path = film_of(seed)
        board.add(film, path)
        seen.append(film)
        truth = [boundary for item in seen for boundary in item.boundaries]
        found = {
            "measured_on": datetime.now(UTC).date().isoformat(),
            "command": f"{parser.prog} --films {len(seen)}",
            "films": len(seen),
            "frames": sum(item.length for item in seen),
            "size": list(SIZE),
            "first_seed": FIRST_SEED,
            "boundaries": {kind: sum(1 for item in truth if item.kind == kind) for kind in ALL},
            "detectors": board.rows(),
        }
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "video_shots.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        (RESULTS / "video_shots.md").write_text(table(found))
        print(table(found), flush=True)


if __name__ == "__main__":
    main()
