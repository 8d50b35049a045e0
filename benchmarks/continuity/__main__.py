"""Continuity on scenes with known changes.

    python -m benchmarks.continuity [--scenes 12] [--tune 12]

``--tune N`` first fits the weights on N scenes of each source of the tuning half and writes them into the service's
code. The figures are of the held-out half: other photographs, meshes and stamps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.continuity import baseline
from benchmarks.continuity.cases import Case, cases
from benchmarks.continuity.looks import Looks
from benchmarks.continuity.measures import Outcome, Told, as_rows, false_alarms, judged, summary, table
from benchmarks.continuity.report import markdown
from benchmarks.continuity.tune import tune

from dino_analytics.core.continuity.compare import Look, compare

RESULTS = Path(__file__).parents[1] / "results"
THRESHOLD = 0.5
"""Confidence from which the service tells a change at its default sensitivity."""
THRESHOLDS = (0.3, 0.5, 0.7, 0.9)


def main() -> int:
    """Tune if asked to, then measure the held-out half."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenes", type=int, default=12, help="of each source, held out")
    parser.add_argument("--tune", type=int, default=0, help="of each source, for fitting the weights anew")
    chosen = parser.parse_args()
    if chosen.tune:
        tune(range(chosen.tune))
        print("run again without --tune to measure with the new weights")
        return 0
    every = list(cases("held-out", range(chosen.scenes)))
    found = measured(every, Looks())
    bound = _baseline_bound(list(cases("tuning", range(chosen.scenes))), found["false_alarms"]["share"])
    found["baseline"] = _baseline(every, bound)
    (RESULTS / "continuity.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = markdown(found)
    (RESULTS / "continuity.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def measured(every: Sequence[Case], looks: Looks) -> dict[str, Any]:
    """Compare every pair and judge the answers at several thresholds."""
    answers: list[tuple[Case, list[Told]]] = []
    seconds = []
    for case in every:
        first, second = (Look(picture, looks.of(picture)) for picture in (case.first, case.second))
        began = time.perf_counter()
        comparison = compare(first, second)
        seconds.append(time.perf_counter() - began)
        answers.append((case, [Told(d.confidence, d.kind, d.boxes) for d in comparison.differences]))
    outcomes = _outcomes(answers, THRESHOLD)
    return {
        "command": f"python -m benchmarks.continuity --scenes {len({case.scene for case in every}) // 2}",
        "pairs": len(every),
        "scenes": len({case.scene for case in every}),
        "threshold": THRESHOLD,
        "changed": summary([o for o in outcomes if o.kind not in ("same", "light")]),
        "false_alarms": false_alarms(outcomes),
        "by_threshold": [{"threshold": bound, **_both(_outcomes(answers, bound))} for bound in THRESHOLDS],
        "rows": table(outcomes),
        "seconds_per_pair": {"median": round(float(np.median(seconds)), 3), "without": "the features of the pictures"},
        "outcomes": as_rows(outcomes),
    }


def _both(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    changed = summary([o for o in outcomes if o.kind not in ("same", "light")])
    return {"false_alarms": false_alarms(outcomes)["share"]} | changed


def _outcomes(answers: Sequence[tuple[Case, list[Told]]], bound: float) -> list[Outcome]:
    return [judged(case, [one for one in told if one.confidence >= bound]) for case, told in answers]


def _baseline_bound(every: Sequence[Case], alarms: float) -> float:
    """The ΔE above which the plain comparison alarms as often on unchanged tuning pairs as ours does."""
    quiet = [case for case in every if case.kind in ("same", "light")]
    peaks = [baseline.strongest(baseline.difference(case.first, case.second))[0] for case in quiet]
    return float(np.quantile(peaks, 1 - max(alarms, 1 / len(peaks))))


def _baseline(every: Sequence[Case], bound: float) -> dict[str, Any]:
    outcomes = []
    for case in every:
        peak, box = baseline.strongest(baseline.difference(case.first, case.second))
        outcomes.append(judged(case, [Told(1.0, "changed", (box, box))] if peak >= bound else []))
    return {"what": "one homography, ΔE of the warped pixels", "bound": round(bound, 2)} | _both(outcomes)


if __name__ == "__main__":
    sys.exit(main())
