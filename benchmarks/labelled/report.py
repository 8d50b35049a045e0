"""Measure a card on the held-out half: ``python -m benchmarks.labelled.report``; writes benchmarks/results."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from benchmarks.labelled import dataset
from benchmarks.labelled.calibrate import CACHE
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.measures import auc, auc_interval, best_threshold, pairs_of, rates, top1
from benchmarks.labelled.vectors import class_tokens, histograms

from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.core.features import finish
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

RESULTS = Path("benchmarks/results")


def separation(vectors: np.ndarray, samples: list[Sample]) -> dict[str, object]:
    """Measure one kind of vector on renderings: AUC with its interval, best threshold, nearest neighbour."""
    chosen = [n for n, item in enumerate(samples) if item.group == "mesh"]
    subjects = [samples[n].subject for n in chosen]
    rows = vectors[chosen]
    pairs = pairs_of(rows, subjects)
    low, high = auc_interval(pairs)
    best = best_threshold(pairs)
    true, false = rates(pairs, np.array([best]))
    return {
        "pictures": len(chosen),
        "subjects": len(set(subjects)),
        "positive_pairs": int(pairs.same.sum()),
        "negative_pairs": int((~pairs.same).sum()),
        "auc": round(auc(pairs.score, pairs.same), 4),
        "auc_95": [round(low, 4), round(high, 4)],
        "best_threshold": round(best, 3),
        "true_positive_rate": round(float(true[0]), 4),
        "false_positive_rate": round(float(false[0]), 4),
        "top1": round(top1(rows, subjects), 4),
        "median_same": round(float(np.median(pairs.score[pairs.same])), 3),
        "median_different": round(float(np.median(pairs.score[~pairs.same])), 3),
    }


def photographs(vectors: np.ndarray, samples: list[Sample]) -> dict[str, object]:
    """Measure photographs: each changed copy to its original, and every pair of different photographs."""
    originals = {item.subject: n for n, item in enumerate(samples) if item.change == "original"}
    changes: dict[str, list[float]] = {}
    for n, item in enumerate(samples):
        if item.group == "photograph" and item.change != "original":
            changes.setdefault(item.change, []).append(float(vectors[n] @ vectors[originals[item.subject]]))
    chosen = [n for n, item in enumerate(samples) if item.group == "photograph"]
    pairs = pairs_of(vectors[chosen], [samples[n].subject for n in chosen])
    return {
        "photographs": len(originals),
        "lowest_cosine_by_change": {change: round(min(found), 3) for change, found in changes.items()},
        "lowest_same": round(min(min(found) for found in changes.values()), 3),
        "highest_different": round(float(pairs.score[~pairs.same].max()), 3),
    }


def at_thresholds(vectors: np.ndarray, samples: list[Sample], card: ModelCard) -> dict[str, object]:
    """Say what the card's thresholds do on pictures that did not choose them."""
    if card.thresholds is None:
        return {}
    pairs = pairs_of(vectors, [item.subject for item in samples])
    found: dict[str, object] = {}
    for name, cosine in (
        ("consistency", card.thresholds.consistency / 100),
        ("similarity", card.thresholds.similarity),
        ("duplicate", card.thresholds.duplicate),
    ):
        true, false = rates(pairs, np.array([cosine]))
        found[name] = {
            "cosine": round(cosine, 4),
            "same_pass": round(float(true[0]), 4),
            "different_pass": round(float(false[0]), 5),
        }
    return found


def measure(card: ModelCard, directory: Path) -> dict[str, object]:
    """Measure a card and the colour histogram baseline on the held-out half."""
    everything = dataset.load(CACHE)
    held = [n for n, item in enumerate(everything) if item.split == "held-out"]
    samples = [everything[n] for n in held]
    tokens = class_tokens(everything, directory, card, CACHE)[held]
    served, centred = finish(tokens, card.centring, card.whitening), finish(tokens, card.centring)
    raw, colours = finish(tokens, None), histograms(samples)
    return {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.labelled.report",
        "dataset": f"{dataset.DESCRIPTION}; held-out half",
        "model_version": card.version,
        "renderings": {
            "as served": separation(served, samples),
            "centred": separation(centred, samples),
            "raw": separation(raw, samples),
            "colour histogram": separation(colours, samples),
        },
        "photographs": {
            "as served": photographs(served, samples),
            "centred": photographs(centred, samples),
            "raw": photographs(raw, samples),
            "colour histogram": photographs(colours, samples),
        },
        "thresholds": at_thresholds(served, samples, card),
    }


def table(found: dict) -> str:
    """Write the figures as Markdown."""
    lines = [
        f"# Same or different: {found['model_version']}",
        "",
        f"{found['dataset']}. Measured {found['measured_on']} by `{found['command']}`.",
        "",
        "Renderings: the same object from another side, in another light, on another ground.",
        "",
        "| vectors | ROC-AUC (95 %) | best threshold | true / false positive rate there | nearest is same |",
        "|---|---|---|---|---|",
    ]
    for name, row in found["renderings"].items():
        low, high = row["auc_95"]
        lines.append(
            f"| {name} | {row['auc']:.3f} ({low:.3f}–{high:.3f}) | {row['best_threshold']:.2f} "
            f"| {row['true_positive_rate']:.2f} / {row['false_positive_rate']:.2f} | {row['top1']:.2f} |"
        )
    lines += [
        "",
        "Photographs: re-encoded, resized and cropped copies against their original, and different photographs.",
        "",
        "| vectors | lowest cosine of a copy | highest cosine of different photographs |",
        "|---|---|---|",
    ]
    for name, row in found["photographs"].items():
        lines.append(f"| {name} | {row['lowest_same']:.2f} | {row['highest_different']:.2f} |")
    lines += [
        "",
        "The card's thresholds, chosen on the calibration half, on all held-out pairs:",
        "",
        "| threshold | cosine | same pass | different pass |",
        "|---|---|---|---|",
    ]
    for name, row in found["thresholds"].items():
        lines.append(
            f"| {name} | {row['cosine']:.3f} | {100 * row['same_pass']:.1f} % | {100 * row['different_pass']:.2f} % |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure the model that the arguments name, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelled.report", description=main.__doc__)
    parser.add_argument("model", nargs="?", default="", help="a directory or repository; the built-in model if absent")
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    options = parser.parse_args()
    cache = options.cache_dir.expanduser()
    directory = locate(options.model, cache)
    CACHE.mkdir(parents=True, exist_ok=True)
    card = find_card(directory, cache, options.model or None)
    found = measure(card, directory)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"labelled-{card.name}.json").write_text(json.dumps(found, indent=2) + "\n")
    (RESULTS / f"labelled-{card.name}.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
