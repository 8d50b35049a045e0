"""Shot boundaries on films of known truth: ``python -m benchmarks.video.boundaries``; writes benchmarks/results.

Every detector decodes every held-out film itself, one after the other in one process. Peers run twice: as their
authors set them, and with the settings that did best on the tuning films.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.video import contestants
from benchmarks.video.contestants import Contestant
from benchmarks.video.encode import write
from benchmarks.video.film import Film, Recipe, compose
from benchmarks.video.matching import ALL, CUTS, GRADUAL, Tally
from benchmarks.video.table import table

from dino_video.core.decode.run import decode
from dino_video.core.media.facts import probe
from dino_video.core.shots.detectors.interface import ShotDetector
from dino_video.core.shots.detectors.transnet import TransNetDetector, boundaries_of, own_threshold

FILMS = Path("var/bench/video/films-v1")
RESULTS = Path("benchmarks/results")
HELD_OUT_SEED, TUNING_SEED = 1, 501
SIZE = (480, 270)


@dataclass
class Outcome:
    """What one contestant found in all films, and what it took."""

    tally: Tally = field(default_factory=Tally)
    frames: int = 0
    wall_s: float = 0.0
    core_s: float = 0.0

    def row(self) -> dict[str, object]:
        def rates(kinds: Sequence[str]) -> dict[str, float]:
            precision, recall, f1 = self.tally.rates(kinds)
            return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}

        tally = self.tally
        return {
            "cuts": rates(CUTS),
            "gradual": rates(GRADUAL),
            "all": rates(ALL),
            "recall_by_kind": {kind: round(tally.hit.get(kind, 0) / count, 4) for kind, count in tally.true.items()},
            "false": tally.false,
            "kind_right": round(tally.kind_right / max(1, sum(tally.hit.values())), 4),
            "ends_within": round(tally.ends_within / max(1, sum(tally.hit.get(kind, 0) for kind in GRADUAL)), 4),
            "frames_per_s": round(self.frames / self.wall_s, 1) if self.wall_s else None,
            "core_ms_per_frame": round(1000 * self.core_s / self.frames, 3) if self.core_s else None,
        }


def films(split: str, first: int, count: int) -> list[tuple[Film, Path]]:
    """Compose the films of a split and encode those that are not there yet."""
    found = []
    for seed in range(first, first + count):
        film = compose(Recipe(split, seed, size=SIZE))
        path = FILMS / f"{split}-{seed}.mp4"
        if not path.exists():
            partial = path.with_suffix(".part")
            write(film, partial).rename(path)
        found.append((film, path))
    return found


def measure(
    contestant: Contestant, chosen: list[tuple[Film, Path]], again: Contestant | None = None
) -> tuple[Outcome, Outcome]:
    """Run one contestant over all films, from file to boundaries.

    ``again`` is TransNetV2 at another threshold: its scores are read twice in place of running twice.
    """
    outcome, other = Outcome(), Outcome()
    for film, path in chosen:
        facts = probe(path)
        detector = contestant.make(facts.rate)
        wall, core = time.perf_counter(), time.process_time()
        done = decode(path, facts, [detector])
        found = detector.finish()
        outcome.wall_s += time.perf_counter() - wall
        outcome.core_s += time.process_time() - core
        outcome.frames += done.frames
        outcome.tally.add(found, film.boundaries, film.length, film.opening, film.closing)
        if again is not None:
            assert isinstance(detector, TransNetDetector)
            found = boundaries_of(*detector.scores(), own_threshold(again.threshold), again.threshold)
            other.tally.add(found, film.boundaries, film.length, film.opening, film.closing)
    other.frames, other.wall_s, other.core_s = outcome.frames, outcome.wall_s, outcome.core_s
    return outcome, other


def tuned(chosen: list[tuple[Film, Path]]) -> list[tuple[Contestant, float]]:
    """Choose each peer's settings by the mean of both F1 on the tuning films; all of them share each decoding."""
    grid = contestants.grid()
    peers = [item for group in grid.values() for item in group]
    grid["TransNetV2"] = [
        contestants.transnet(value, f"{own_threshold(value):.3f}, tuned") for value in contestants.TRANSNET_GRID
    ]
    outcomes = {id(item): Outcome() for group in grid.values() for item in group}
    for film, path in chosen:
        facts = probe(path)
        detectors: list[ShotDetector] = [item.make(facts.rate) for item in peers]
        # The network runs once; its scores are then read at each threshold.
        network = contestants.transnet(0.3, "").make(facts.rate)
        assert isinstance(network, TransNetDetector)
        decode(path, facts, [*detectors, network])
        found = [detector.finish() for detector in detectors]
        single, many = network.scores()
        for value in contestants.TRANSNET_GRID:
            found.append(boundaries_of(single, many, own_threshold(value), value))
        for item, boundaries in zip([*peers, *grid["TransNetV2"]], found, strict=True):
            outcomes[id(item)].tally.add(boundaries, film.boundaries, film.length, film.opening, film.closing)

    def mean(item: Contestant) -> float:
        tally = outcomes[id(item)].tally
        return (tally.rates(CUTS)[2] + tally.rates(GRADUAL)[2]) / 2

    return [(max(group, key=mean), max(map(mean, group))) for group in grid.values()]


def main() -> None:
    """Measure every detector and write JSON and Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video.boundaries", description=main.__doc__)
    parser.add_argument("--films", type=int, default=8, help="held-out films of 30 boundaries")
    parser.add_argument("--tuning-films", type=int, default=3, help="films that the peers' settings are chosen on")
    options = parser.parse_args()
    tuning = films("tuning", TUNING_SEED, options.tuning_films)
    best = tuned(tuning)
    for item, mean in best:
        print(f"{item.name}: {item.settings} ({mean:.3f} on the tuning films)", flush=True)
    held_out = films("held-out", HELD_OUT_SEED, options.films)
    rows = []
    network = next(item for item, _ in best if item.learned)
    for item in [*contestants.defaults(), *(item for item, _ in best if not item.learned)]:
        both = measure(item, held_out, network if item.name == network.name else None)
        for shown, outcome in zip((item, network), both, strict=True):
            if outcome.tally.true:
                rows.append(
                    {"detector": shown.name, "settings": shown.settings, "learned": shown.learned} | outcome.row()
                )
                print(f"{shown.name} ({shown.settings}): {rows[-1]}", flush=True)
    truth = [boundary for film, _ in held_out for boundary in film.boundaries]
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": f"{parser.prog} --films {options.films} --tuning-films {options.tuning_films}",
        "films": len(held_out),
        "frames": sum(film.length for film, _ in held_out),
        "size": list(SIZE),
        "seeds": {"training": "1000…", "tuning": TUNING_SEED, "held-out": HELD_OUT_SEED},
        "boundaries": {kind: sum(1 for item in truth if item.kind == kind) for kind in ALL},
        "detectors": rows,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "video_shots.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    (RESULTS / "video_shots.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
