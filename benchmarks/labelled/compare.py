"""Compare the model with cheap baselines on labelled pictures: ``python -m benchmarks.labelled.compare``.

Retrieval (mean average precision, recall@10), same or different (ROC-AUC), and balanced accuracy at the threshold that
the calibration half chose, all on the held-out half, with bootstrap intervals over subjects.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from benchmarks.labelled import avatars, contestants, dataset
from benchmarks.labelled.calibrate import CACHE
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.measures import auc, auc_interval, best_threshold
from benchmarks.labelled.retrieval import Estimate, accuracy, over_subjects, pairs_within, precision_and_recall

from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

RESULTS = Path("benchmarks/results")
# The consistency threshold where nothing is configured or calibrated.
FIXED = 0.85


def measure(vectors: np.ndarray, samples: list[Sample], card_threshold: float | None) -> dict[str, object]:
    """Measure one kind of vector: thresholds are chosen on the calibration half, everything is measured on the other.

    Args:
        vectors: (samples, d), rows of length 1.
        samples: both halves.
        card_threshold: cosine of the model card's consistency threshold; None for what has no card.
    """
    half = np.array([item.split == "calibration" for item in samples])
    subjects = np.array([item.subject for item in samples])
    kinds = np.array([avatars.style_of(item.subject) if item.group == "avatar" else item.group for item in samples])
    chosen = best_threshold(pairs_within(vectors[half], subjects[half], kinds[half]))
    held, names = vectors[~half], subjects[~half]
    pairs = pairs_within(held, names, kinds[~half])
    average, recall = precision_and_recall(held, names)
    low, high = auc_interval(pairs)
    found: dict[str, object] = {
        "map": over_subjects(average, names).plain(),
        "recall_at_10": over_subjects(recall, names).plain(),
        "auc": Estimate(auc(pairs.score, pairs.same), low, high).plain(),
        "calibrated_threshold": round(chosen, 3),
        "accuracy_calibrated": accuracy(pairs, chosen).plain(),
        "accuracy_fixed_085": accuracy(pairs, FIXED).plain(),
        "pictures": len(names),
        "subjects": len(set(names)),
        "same_pairs": int(pairs.same.sum()),
        "different_pairs": int((~pairs.same).sum()),
    }
    if card_threshold is not None:
        found["accuracy_card"] = accuracy(pairs, card_threshold).plain()
        found["card_threshold"] = round(card_threshold, 3)
    return found


def compare(
    samples: list[Sample], group: str, directory: Path, card: ModelCard, models: Path
) -> dict[str, dict[str, object]]:
    """Measure every contestant on the pictures of one group among the samples."""
    own = None if card.thresholds is None else card.thresholds.consistency / 100
    chosen = [n for n, item in enumerate(samples) if item.group == group]
    picked = [samples[n] for n in chosen]
    vectors = contestants.all_of(samples, directory, card, CACHE, models)
    return {name: measure(rows[chosen], picked, own if "as served" in name else None) for name, rows in vectors.items()}


def table(found: dict) -> str:
    """Write the figures as Markdown."""
    lines = [
        "# Retrieval and same or different, beside cheap baselines",
        "",
        f"{found['model_version']}, measured {found['measured_on']} by `{found['command']}`. Held-out half; intervals "
        "are 95 % bootstraps over subjects. Accuracy is balanced: the mean of the shares of same and of different "
        "pairs that are judged right; 0.5 is a coin.",
    ]
    for name, part in found["sets"].items():
        rows = part["contestants"]
        any_row = next(iter(rows.values()))
        lines += [
            "",
            f"## {name}",
            "",
            f"{part['description']}. {any_row['pictures']} held-out pictures of {any_row['subjects']} subjects, "
            f"{any_row['same_pairs']:,} same and {any_row['different_pairs']:,} different pairs{part['pairs']}.",
            "",
            "| vectors | mAP | recall@10 | ROC-AUC | accuracy, calibrated threshold | accuracy, fixed 0.85 |",
            "|---|---|---|---|---|---|",
        ]
        for contestant, row in rows.items():
            calibrated = f"{_shown(row['accuracy_calibrated'])} at {row['calibrated_threshold']:.2f}"
            cells = [_shown(row["map"]), _shown(row["recall_at_10"]), _shown(row["auc"]), calibrated]
            lines.append(f"| {contestant} | {' | '.join(cells)} | {_shown(row['accuracy_fixed_085'])} |")
        for row in rows.values():
            if "accuracy_card" in row:
                lines += [
                    "",
                    f"At the card's own consistency threshold ({row['card_threshold']:.2f}, chosen so that 1 % of "
                    f"different pairs pass): balanced accuracy {_shown(row['accuracy_card'])}.",
                ]
    return "\n".join(lines) + "\n"


def _shown(estimate: dict) -> str:
    low, high = estimate["interval_95"]
    return f"{estimate['value']:.3f} ({low:.3f}–{high:.3f})"


def main() -> None:
    """Measure the model that the arguments name, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelled.compare", description=main.__doc__)
    parser.add_argument("model", nargs="?", default="", help="a directory or repository; the built-in model if absent")
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    options = parser.parse_args()
    models = options.cache_dir.expanduser()
    directory = locate(options.model, models)
    CACHE.mkdir(parents=True, exist_ok=True)
    card = find_card(directory, models, options.model or None)
    sets: dict[str, object] = {
        "Renderings": {
            "description": "Objects of pybullet_data from six sides, each with its own light, distance and background",
            "pairs": "",
            "contestants": compare(dataset.load(CACHE), "mesh", directory, card, models),
        }
    }
    if avatars.available():
        sets["Characters"] = {
            "description": avatars.DESCRIPTION[0].upper() + avatars.DESCRIPTION[1:],
            "pairs": " (of the same style only; retrieval is among all styles)",
            "contestants": compare(avatars.load(CACHE), "avatar", directory, card, models),
        }
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.labelled.compare",
        "model_version": card.version,
        "sets": sets,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "labelled-comparison.json").write_text(json.dumps(found, indent=2) + "\n")
    (RESULTS / "labelled-comparison.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
