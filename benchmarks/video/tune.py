"""Choose how scores become boundaries on the tuning films: ``python -m benchmarks.video.tune`` prints the best."""

from __future__ import annotations

import argparse
import itertools

from benchmarks.video.film import Recipe
from benchmarks.video.matching import CUTS, GRADUAL, Tally
from benchmarks.video.thumbnails import labelled

from dino_video.core.shots.decision import Decision, decide
from dino_video.core.shots.scoring import score

FIRST_SEED = 601

GRID = {
    "cut": (0.3, 0.5, 0.7, 0.9),
    "gradual": (0.4, 0.5, 0.6, 0.7, 0.8),
    "shortest": (3, 5),
    "gap": (2, 4),
    "extent": (0.3, 0.5, 0.7),
    "apart": (3, 8, 12),
}


def main() -> None:
    """Try every combination and print the ten best by the mean of both F1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video.tune", description=main.__doc__)
    parser.add_argument("--films", type=int, default=10)
    options = parser.parse_args()
    films = [labelled(Recipe("tuning", FIRST_SEED + n, size=(240, 136))) for n in range(options.films)]
    scores = [score(film.thumbnails) for film in films]
    rows = []
    for values in itertools.product(*GRID.values()):
        decision = Decision(**dict(zip(GRID, values, strict=True)))  # type: ignore[arg-type]
        tally = Tally()
        for film, found in zip(films, scores, strict=True):
            boundaries = decide(found, decision=decision)
            tally.add(boundaries, film.boundaries, len(film.thumbnails), film.opening, film.closing)
        cuts, gradual = tally.rates(CUTS), tally.rates(GRADUAL)
        rows.append(((cuts[2] + gradual[2]) / 2, cuts, gradual, tally, decision))
    rows.sort(key=lambda row: -row[0])
    for mean, cuts, gradual, tally, decision in rows[:10]:
        shown = " / ".join(f"{value:.3f}" for value in (*cuts, *gradual))
        ends = tally.ends_within / max(1, tally.mixed_with_extent)
        print(f"{mean:.4f}  cuts and gradual P/R/F1 {shown}  ends {ends:.2f}  {decision}")


if __name__ == "__main__":
    main()
