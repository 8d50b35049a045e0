"""Would other vectors of the same model be better? ``python -m benchmarks.labelled.variants``.

Whitening (of all pictures, and within subjects) at several strengths, the mean with the mirrored picture, and a larger
input, beside the centring that the card has. Whatever is learnt is learnt on the calibration half of renderings and
photographs; the renderings' held-out half says whether it helps, and the avatars, of which nothing was learnt, whether
it helps elsewhere.
"""

from __future__ import annotations

import argparse
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from benchmarks.labelled import avatars, dataset
from benchmarks.labelled.calibrate import CACHE
from benchmarks.labelled.dataset import Sample
from benchmarks.labelled.measures import auc, auc_interval
from benchmarks.labelled.retrieval import Estimate, over_subjects, pairs_within, precision_and_recall
from benchmarks.labelled.vectors import class_tokens
from PIL import Image, ImageOps

from dino_inference.card_store import find_card
from dino_inference.core.card import ModelCard
from dino_inference.core.features import finish
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

RESULTS = Path("benchmarks/results")
STRENGTHS = (0.01, 0.05, 0.2, 0.5)
LARGER = 336
# A larger input costs three times the time: a part of the subjects is enough to see a difference worth having.
SUBJECTS = {"mesh calibration": 40, "mesh held-out": 60, "avatar": 64}


def whitening(rows: np.ndarray, strength: float) -> np.ndarray:
    """Return the matrix that whitens centred rows: C^(−1/2), C being shrunk towards a multiple of the identity.

    Args:
        rows: float (n, d), mean zero.
        strength: 0 would be the identity's share of one, 1 no shrinkage; the share of C that is kept.
    """
    covariance = rows.T @ rows / len(rows)
    dimension = len(covariance)
    shrunk = strength * covariance + (1 - strength) * np.trace(covariance) / dimension * np.eye(dimension)
    values, axes = np.linalg.eigh(shrunk)
    return axes @ np.diag(values**-0.5) @ axes.T


def within_subjects(rows: np.ndarray, samples: list[Sample]) -> np.ndarray:
    """Return each row less its subject's mean: what changes while the subject stays."""
    names, number = np.unique([item.subject for item in samples], return_inverse=True)
    means = np.stack([rows[number == n].mean(axis=0) for n in range(len(names))])
    return rows - means[number]


def learnt(tokens: np.ndarray, samples: list[Sample], card: ModelCard) -> dict[str, np.ndarray]:
    """Return a matrix for every way of whitening, from the calibration half."""
    half = [n for n, item in enumerate(samples) if item.split == "calibration"]
    rows = tokens[half] - card.centring
    inside = within_subjects(rows, [samples[n] for n in half])
    found = {}
    for strength in STRENGTHS:
        found[f"whitened, {strength:g}"] = whitening(rows - rows.mean(axis=0), strength)
        found[f"whitened within subjects, {strength:g}"] = whitening(inside, strength)
    return found


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
    """Measure centring and every whitening on all held-out renderings and all avatars."""
    base = sets["all"]
    tokens = class_tokens(base, directory, card, CACHE)
    matrices = learnt(tokens, base, card)
    found: dict[str, dict[str, object]] = {}
    for name, samples, rows in (
        ("renderings", sets["held-out"], tokens[[n for n, i in enumerate(base) if _held(i)]]),
        ("avatars", sets["avatars"], class_tokens(sets["avatars"], directory, card, CACHE)),
    ):
        kinds = {"raw": finish(rows, None), "centred (the card)": finish(rows, card.centring)}
        kinds |= {kind: finish((rows - card.centring) @ matrix, None) for kind, matrix in matrices.items()}
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


def _held(item: Sample) -> bool:
    return item.group == "mesh" and item.split == "held-out"


def table(found: dict) -> str:
    """Write the figures as Markdown."""
    lines = [
        "# Other vectors of the same model",
        "",
        f"{found['model_version']}, measured {found['measured_on']} by `{found['command']}`. Intervals are 95 % "
        "bootstraps over subjects. Everything learnt was learnt on the calibration half of the renderings and "
        "photographs; nothing was learnt of the avatars.",
    ]
    for title, part_name, note in (
        ("Linear", "linear", "All held-out renderings, all avatars. The number is the share of the covariance kept."),
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
    return "\n".join(lines) + "\n"


def _shown(estimate: dict) -> str:
    low, high = estimate["interval_95"]
    return f"{estimate['value']:.3f} ({low:.3f}–{high:.3f})"


def main() -> None:
    """Measure the built-in model's variants, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelled.variants", description=main.__doc__)
    parser.add_argument("--cache-dir", type=Path, default=default_cache_dir(), help="model cache")
    parser.add_argument("--linear", action="store_true", help="whitening only: nothing goes through the model again")
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
    found = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.labelled.variants" + (" --linear" if options.linear else ""),
        "model_version": card.version,
        "linear": linear_variants(card, directory, sets),
        "picture": {} if options.linear else picture_variants(card, directory, sets),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "labelled-variants.json").write_text(json.dumps(found, indent=2) + "\n")
    (RESULTS / "labelled-variants.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
