"""The labelled pictures and their split: what calibrates a card never judges it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.labelled import meshes, photographs

Split = Literal["calibration", "held-out"]
VIEWS = 6
# The held-out blobs took no part in choosing layer, picture size or mean, only in the final measurement.
BLOBS = {"calibration": range(0, 200), "held-out": range(200, 400)}
DESCRIPTION = (
    "400 pybullet_data blobs and its named objects, 6 views each with their own direction, distance, light and "
    "background; 21 photographs of scikit-image and scikit-learn in 10 encodings and crops"
)


@dataclass(frozen=True)
class Sample:
    """One encoded picture: what it shows, how it was changed, and to which half it belongs."""

    subject: str
    group: Literal["mesh", "photograph", "avatar"]
    change: str
    split: Split
    data: bytes


def load(cache: Path) -> list[Sample]:
    """Load both halves; renders the meshes into ``cache`` on the first call (about 45 s)."""
    named = _halves(meshes.NAMED)
    pictures = _halves(sorted(photographs.originals()))
    samples = []
    for view in meshes.views(cache, blobs=max(BLOBS["held-out"]) + 1, views_each=VIEWS):
        split = named.get(view.name) or ("calibration" if view.blob in BLOBS["calibration"] else "held-out")
        samples.append(Sample(view.name, "mesh", "view", split, view.path.read_bytes()))
    for variant in photographs.variants():
        samples.append(Sample(variant.subject, "photograph", variant.change, pictures[variant.subject], variant.data))
    return samples


def _halves(names: tuple[str, ...] | list[str]) -> dict[str, Split]:
    order = list(names)
    random.Random(0).shuffle(order)
    half = len(order) // 2
    return {name: "calibration" if n < half else "held-out" for n, name in enumerate(order)}
