"""Would other vectors of the same model be better? ``python -m benchmarks.labelled.variants``.

Whitening within subjects at several strengths and ranks, by cross-validation over the calibration half (styles of
avatars that a fold measures took no part in it): what the card has was chosen from that table. Then what it brings on
the held-out half; and the mean with the mirrored picture and a larger input, which are not in force.
"""

from __future__ import annotations

import argparse
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from benchmarks.labelled import avatars, dataset
from benchmarks.labelled.calibrate import CACHE, statistics
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.measures import auc, auc_interval
from benchmarks.labelled.retrieval import Estimate, over_subjects, pairs_within, precision_and_recall
from benchmarks.labelled.vectors import class_tokens
from PIL import Image, ImageOps

from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.core.features import damping, finish
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

RESULTS = Path("benchmarks/results")
STRENGTHS, RANKS = (0.2, 0.5, 0.85), (8, 16, 32, 64, 128)
LARGER = 336
# A larger input costs three times the time: a part of the subjects is enough to see a difference worth having.
SUBJECTS = {"mesh calibration": 40, "mesh held-out": 60, "avatar": 64}


def folds(samples: list[Sample], count: int = 3) -> np.ndarray:
    """Return the fold of each picture, 0 to ``count`` − 1: a subject lies in one, and so does a style of avatars."""
    kinds = np.array([avatars.style_of(s.subject) if s.group == "avatar" else s.subject for s in samples])
    names = np.unique(kinds)
    of = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % count, strict=True))
    return np.array([of[kind] for kind in kinds])


def cross_validated(tokens: np.ndarray, samples: list[Sample]) -> dict[str, dict[str, dict[str, float]]]:
    """Return mAP and ROC-AUC of renderings and avatars by strength and rank: means of three folds.

    Args:
        tokens: class tokens of the calibration half, float32 (n, dimension).
        samples: their pictures.
    """
    groups, subjects = np.array([s.group for s in samples]), np.array([s.subject for s in samples])
    fold = np.zeros(len(samples), int)
    for group in np.unique(groups):
        fold[groups == group] = folds([s for s in samples if s.group == group])
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for number in range(fold.max() + 1):
        inside = fold != number
        centring, within = statistics(tokens[inside], [s for s, use in zip(samples, inside, strict=True) if use])
        ways = {"centred": None} | {
            f"whitened, {strength:g} of {rank}": damping(within, strength=strength, rank=rank)
            for strength in STRENGTHS
            for rank in RANKS
        }
        for name, matrix in ways.items():
            for group, title in (("mesh", "renderings"), ("avatar", "avatars")):
                tested = ~inside & (groups == group)
                figures = _plainly(finish(tokens[tested], centring, matrix), subjects[tested], group)
                found.setdefault(name, {}).setdefault(title, []).append(figures)
    return {
        name: {
            title: dict(zip(("map", "auc"), np.mean(values, axis=0).round(4).tolist(), strict=True))
            for title, values in row.items()
        }
        for name, row in found.items()
    }


def _plainly(vectors: np.ndarray, subjects: np.ndarray, group: str) -> tuple[float, float]:
    kinds = np.array([avatars.style_of(s) if group == "avatar" else group for s in subjects])
    pairs = pairs_within(vectors, subjects, kinds)
    average, _ = precision_and_recall(vectors, subjects)
    return float(np.mean(average)), auc(pairs.score, pairs.same)


def measured(vectors: np.ndarray, samples: list[Sample]) -> dict[str, object]:
    """Measure vectors, rows of length 1: mAP and ROC-AUC with their intervals."""
    subjects = np.array([item.subject for item in samples])
    kinds = np.array([avatars.style_of(s) if samples[0].group == "avatar" else samples[0].group for s in subjects])
    pairs = pairs_within(vectors, subjects, kinds)
    average, _ = precision_and_recall(vectors, subjects)
    low, high = auc_interval(pairs)
    return {
        "map": over_subjects(average, subjects).plain(),
        "auc": Estimate(auc(pairs.score, pairs.same), low, high).plain(),
    }


def mirrored(samples: list[Sample]) -> list[Sample]:
    """Return the pictures, left and right exchanged, in PNG."""
    found = []
    for item in samples:
        out = io.BytesIO()
        ImageOps.mirror(Image.open(io.BytesIO(item.data)).convert("RGB")).save(out, "PNG")
        found.append(Sample(item.subject, item.group, item.change, item.split, out.getvalue()))
    return found


def larger(card: ModelCard, side: int) -> ModelCard:
    """Return the card with a larger input; the model interpolates its position embeddings."""
    image = card.image
    ratio = side / image.input_size[0]
    fields = {name: getattr(image, name) for name in ("shortest_edge", "height", "width", "crop_height", "crop_width")}
    scaled = {name: round(value * ratio) for name, value in fields.items() if value}
    return card.model_copy(update={"image": image.model_copy(update=scaled)})


def part(samples: list[Sample], count: int) -> list[int]:
    """Return the places of the pictures of the first ``count`` subjects, evenly over their order."""
    names = list(dict.fromkeys(item.subject for item in samples))
    step = max(1, len(names) // count)
    wanted = set(names[::step][:count])
    return [n for n, item in enumerate(samples) if item.subject in wanted]


def linear_variants(card: ModelCard, directory: Path, sets: dict[str, list[Sample]]) -> dict[str, dict[str, object]]:
    """Measure raw, centred and whitened vectors on all held-out renderings and avatars."""
    base, drawn = sets["all"], sets["avatars"]
    tokens, of_drawn = class_tokens(base, directory, card, CACHE), class_tokens(drawn, directory, card, CACHE)
    found: dict[str, dict[str, object]] = {}
    for name, samples, rows in (
        ("renderings", sets["held-out"], tokens[[n for n, i in enumerate(base) if _held(i)]]),
        ("avatars", _half(drawn, "held-out"), of_drawn[[i.split == "held-out" for i in drawn]]),
    ):
        kinds = {
            "raw": finish(rows, None),
            "centred": finish(rows, card.centring),
            "centred and whitened (the card)": finish(rows, card.centring, card.whitening),
        }
        for kind, vectors in kinds.items():
            found.setdefault(kind, {})[name] = measured(vectors, samples)
    return found


def picture_variants(card: ModelCard, directory: Path, sets: dict[str, list[Sample]]) -> dict[str, dict[str, object]]:
    """Measure the mirrored mean and the larger input on a part of the subjects, beside the card's way on the same."""
    base = [item for item in sets["all"] if item.group == "mesh" and item.split == "calibration"]
    chosen = {
        "calibration": [base[n] for n in part(base, SUBJECTS["mesh calibration"])],
        "renderings": [sets["held-out"][n] for n in part(sets["held-out"], SUBJECTS["mesh held-out"])],
        "avatars": [sets["avatars"][n] for n in part(sets["avatars"], SUBJECTS["avatar"])],
    }
    everything = [item for samples in chosen.values() for item in samples]
    where = np.repeat(list(chosen), [len(samples) for samples in chosen.values()])
    folder = CACHE / "variants"
    folder.mkdir(exist_ok=True)
    plain = class_tokens(everything, directory, card, folder)
    (folder / "mirrored").mkdir(exist_ok=True)
    flipped = class_tokens(mirrored(everything), directory, card, folder / "mirrored")
    large = class_tokens(everything, directory, larger(card, LARGER), folder)
    # Each way is centred by its own mean of the same calibration pictures.
    found: dict[str, dict[str, object]] = {}
    for kind, rows in (
        ("as served, same pictures", plain),
        ("mean with the mirrored picture", (plain + flipped) / 2),
        (f"input of {LARGER} pixels", large),
    ):
        vectors = finish(rows, rows[where == "calibration"].mean(axis=0))
        for name in ("renderings", "avatars"):
            found.setdefault(kind, {})[name] = measured(vectors[where == name], chosen[name])
    return found


def _half(samples: list[Sample], split: str) -> list[Sample]:
    return [item for item in samples if item.split == split]


def _kept_pictures() -> dict[str, dict[str, object]]:
    kept = RESULTS / "labelled-variants.json"
    return json.loads(kept.read_text())["picture"] if kept.is_file() else {}


def _held(item: Sample) -> bool:
    return item.group == "mesh" and item.split == "held-out"


def table(found: dict) -> str:
    """Write the figures as Markdown."""
    lines = [
        "# Other vectors of the same model",
        "",
        f"{found['model_version']}, measured {found['measured_on']} by `{found['command']}`. Intervals are 95 % "
        "bootstraps over subjects. Everything learnt was learnt on the calibration half.",
    ]
    for title, part_name, note in (
        ("Of the vector", "linear", "All held-out renderings and avatars."),
        ("Of the picture", "picture", "A part of the subjects; centred by the mean of 240 calibration renderings."),
    ):
        if not found[part_name]:
            continue
        lines += [
            "",
            f"## {title}",
            "",
            note,
            "",
            "| vectors | renderings: mAP | ROC-AUC | avatars: mAP | ROC-AUC |",
            "|---|---|---|---|---|",
        ]
        for kind, row in found[part_name].items():
            cells = [_shown(row[name][figure]) for name in ("renderings", "avatars") for figure in ("map", "auc")]
            lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += [
        "",
        "## What the card's whitening was chosen from",
        "",
        "The calibration half; means of three folds of its subjects, of avatars of its styles. The numbers are the "
        "share of the covariance within subjects that is kept in shrinking, and how many directions are damped.",
        "",
        "| vectors | renderings: mAP | ROC-AUC | avatars of other styles: mAP | ROC-AUC |",
        "|---|---|---|---|---|",
    ]
    for kind, row in found["cross-validation"].items():
        cells = [f"{row[name][figure]:.3f}" for name in ("renderings", "avatars") for figure in ("map", "auc")]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shown(estimate: dict) -> str:
    low, high = estimate["interval_95"]
    return f"{estimate['value']:.3f} ({low:.3f}–{high:.3f})"


def main() -> None:
    """Measure the built-in model's variants, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelled.variants", description=main.__doc__)
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    parser.add_argument(
        "--linear",
        action="store_true",
        help="vectors only: nothing goes through the model again, and figures of other pictures stay as they were",
    )
    options = parser.parse_args()
    models = options.cache_dir.expanduser()
    directory = locate("", models)
    card = find_card(directory, models, None)
    everything = dataset.load(CACHE)
    sets = {
        "all": everything,
        "held-out": [item for item in everything if _held(item)],
        "avatars": avatars.load(CACHE),
    }
    together = [*everything, *sets["avatars"]]
    half = [item.split == "calibration" for item in together]
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.labelled.variants" + (" --linear" if options.linear else ""),
        "model_version": card.version,
        "linear": linear_variants(card, directory, sets),
        "cross-validation": cross_validated(
            np.concatenate([class_tokens(item, directory, card, CACHE) for item in (everything, sets["avatars"])])[
                half
            ],
            [item for item in together if item.split == "calibration"],
        ),
        "picture": _kept_pictures() if options.linear else picture_variants(card, directory, sets),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "labelled-variants.json").write_text(json.dumps(found, indent=2) + "\n")
    (RESULTS / "labelled-variants.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
