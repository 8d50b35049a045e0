"""Measure verdicts on held-out objects: ``python -m benchmarks.consistency``; writes benchmarks/results."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from benchmarks.consistency.measures import accuracy, calibrated, flips, flips_apart, mean_directions, pairs_of
from benchmarks.consistency.scenes import LIGHTS, Shot, shots
from benchmarks.consistency.vectors import embed
from benchmarks.labelled.measures import auc, auc_interval

from dino_analytics.core.depth.relight import relit
from dino_analytics.core.depth.words import IDENTITY_MARGIN
from dino_inference.card_store import find_card
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

CACHE = Path("var/bench/consistency")
RESULTS = Path("benchmarks/results")
FIXED = 0.85
FALSE_POSITIVES = 0.01


def measured(vectors: np.ndarray, all_shots: list[Shot], card_threshold: float | None) -> dict[str, object]:
    """Return every figure: thresholds from the calibration half, verdicts on the held-out half."""
    halves = {
        split: [n for n, shot in enumerate(all_shots) if shot.split == split] for split in ("calibration", "held-out")
    }
    methods = {"cosine": vectors[:, 0], "in depth": mean_directions(vectors)}
    found: dict[str, object] = {}
    strict: dict[str, float] = {}
    held = [all_shots[n] for n in halves["held-out"]]
    for name, rows in methods.items():
        half = halves["calibration"]
        best, at_rate = calibrated(pairs_of(rows[half], [all_shots[n] for n in half]), FALSE_POSITIVES)
        strict[name] = at_rate
        pairs = pairs_of(rows[halves["held-out"]], held)
        thresholds = {"calibrated": best, "calibrated, 1 % false": at_rate, "fixed 85": FIXED}
        if card_threshold is not None:
            margin = 0.0 if name == "cosine" else IDENTITY_MARGIN
            thresholds["model card" + (" and margin" if margin else "")] = (card_threshold + margin) / 100
        low, high = auc_interval(pairs)
        found[name] = {
            "auc": round(auc(pairs.score, pairs.same), 4),
            "auc_95": [round(low, 4), round(high, 4)],
            "pairs": {"same": int(pairs.same.sum()), "different": int((~pairs.same).sum())},
            "verdicts": {kind: asdict(accuracy(pairs, value)) for kind, value in thresholds.items()},
            "flips": {
                kind: asdict(flips(rows[halves["held-out"]], held, value))
                for kind, value in thresholds.items()
                if kind != "fixed 85" or name == "cosine"
            },
        }
    both = methods["cosine"][halves["held-out"]], methods["in depth"][halves["held-out"]]
    gain, interval = flips_apart(*both, held, (strict["cosine"], strict["in depth"]))
    found["flips saved at 1 % false"] = {"of_same": gain, "interval": interval}
    if card_threshold is not None:
        at_card = card_threshold / 100, (card_threshold + IDENTITY_MARGIN) / 100
        gain, interval = flips_apart(*both, held, at_card)
        found["flips saved at the card's threshold"] = {"of_same": gain, "interval": interval}
    found["margin_points"] = round(100 * (strict["in depth"] - strict["cosine"]), 1)
    found["margin_in_use"] = IDENTITY_MARGIN
    found["objects"] = {split: len({all_shots[n].subject for n in rows}) for split, rows in halves.items()}
    return found


def table(found: dict, version: str, command: str) -> str:
    """Return the figures as a page."""
    lines = [
        "# Consistency verdicts",
        "",
        f"`{command}`, model `{version}`. {found['objects']['calibration']} objects of pybullet_data calibrate, other "
        f"{found['objects']['held-out']} are measured; two sides 25° apart, {LIGHTS} lights each (direction, strength, "
        "ambience, colour), nothing else differs. Same pairs are of the two sides. Brackets: 95 % intervals over "
        "objects.",
        "",
        "| score | threshold | from | balanced accuracy | same passed | different passed | flips by light: same "
        "| different |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in ("cosine", "in depth"):
        for kind, one in found[name]["verdicts"].items():
            flip = found[name]["flips"].get(kind)
            flipped = (
                f"{_share(flip['of_same'], flip['of_same_interval'])} | "
                f"{_share(flip['of_different'], flip['of_different_interval'])}"
                if flip
                else "– | –"
            )
            lines.append(
                f"| {name} | {100 * one['threshold']:.1f} | {kind} | {_share(one['accuracy'], one['interval'])} | "
                f"{100 * one['true_positive']:.1f} % | {100 * one['false_positive']:.2f} % | {flipped} |"
            )
    saved = {kind: found[kind] for kind in found if kind.startswith("flips saved")}
    lines += [
        "",
        f"ROC-AUC: cosine {found['cosine']['auc']} {found['cosine']['auc_95']}, in depth {found['in depth']['auc']} "
        f"{found['in depth']['auc_95']}.",
        *(
            f"{kind.replace('flips saved at', 'At').replace('1 % false', '1 % false passes')} light alone flips the "
            f"verdict in depth in {_share(one['of_same'], one['interval'])} of the comparisons of same things less "
            "than cosine alone (paired over objects)."
            for kind, one in saved.items()
        ),
        f"Taking light out raises the threshold of 1 % false passes by {found['margin_points']} points; the platform "
        f"adds {found['margin_in_use']:g} to the threshold in force.",
        "",
    ]
    return "\n".join(lines)


def _share(value: float, interval: tuple[float, float]) -> str:
    return f"{100 * value:.1f} % ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})"


def main() -> None:
    """Render what lacks, embed, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consistency", description=main.__doc__)
    parser.add_argument("--blobs", type=int, default=54, help="objects beside the named ones")
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    all_shots = shots(CACHE, options.blobs)
    cache = options.cache_dir.expanduser()
    directory = locate("", cache)
    card = find_card(directory, cache)
    vectors = embed([shot.path for shot in all_shots], relit, directory, card, CACHE)
    found = measured(vectors, all_shots, card.thresholds.consistency)
    found["model_version"] = card.version
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "consistency.json").write_text(json.dumps(found, indent=2) + "\n")
    page = table(found, card.version, "python -m benchmarks.consistency")
    (RESULTS / "consistency.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
