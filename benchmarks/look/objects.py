"""Object discovery on composed scenes: ``python -m benchmarks.look.objects [SCENES]``.

CorLoc (Deselaers, Alexe and Ferrari, ECCV 2010): share of scenes whose surest box overlaps a true one by an
intersection over union of 0.5 or more. Recall and precision of all boxes at the same bound; mean IoU of the true
masks with the best found one. Beside it the same cut with the patches' own edges, and a box of fixed size in the
centre.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks.look.features import Patches
from benchmarks.look.results import write
from benchmarks.look.scenes import BUSY, EVEN, SIDE, Scene, scenes

from dino_analytics.core.look.objects import discover

Box = tuple[float, float, float, float]
Answer = list[tuple[Box, np.ndarray]]


def main() -> None:
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    patches, rows = Patches(), []
    for ground, names in (("even", EVEN), ("busy", BUSY)):
        for objects in (1, 2, 3):
            made = scenes(each, objects, names)
            features = patches.of([scene.picture for scene in made])
            for method, answer in METHODS.items():
                began = time.perf_counter()
                answers = [answer(scene, grid, objects) for scene, grid in zip(made, features, strict=True)]
                took = (time.perf_counter() - began) / each
                rows.append({"ground": ground, "objects": objects, "method": method, **_judged(made, answers)})
                rows[-1]["seconds_a_picture"] = round(took, 3)
    write("objects", {"scenes_each": each, "rows": rows})


def _ours(refine: bool) -> Callable[[Scene, np.ndarray, int], Answer]:
    def answer(scene: Scene, grid: np.ndarray, objects: int) -> Answer:
        found = discover(scene.picture, grid, most=max(3, objects), refine=refine)
        return [((one.left * SIDE, one.top * SIDE, one.right * SIDE, one.bottom * SIDE), one.mask) for one in found]

    return answer


def _centre(scene: Scene, grid: np.ndarray, objects: int) -> Answer:
    mask = np.zeros((SIDE, SIDE), bool)
    low, high = round(0.28 * SIDE), round(0.72 * SIDE)
    mask[low:high, low:high] = True
    return [((low, low, high, high), mask)]


METHODS: dict[str, Callable[[Scene, np.ndarray, int], Answer]] = {
    "refined": _ours(True),
    "patches": _ours(False),
    "centre box": _centre,
}


def _judged(made: list[Scene], answers: list[Answer]) -> dict[str, Any]:
    hits, recalled, precise, overlaps = [], [], [], []
    for scene, answer in zip(made, answers, strict=True):
        truth = [_box(mask) for mask in scene.masks]
        boxes = [box for box, _ in answer]
        hits.append(bool(boxes) and max(_iou(boxes[0], one) for one in truth) >= 0.5)
        recalled += [any(_iou(box, one) >= 0.5 for box in boxes) for one in truth]
        precise += [any(_iou(box, one) >= 0.5 for one in truth) for box in boxes]
        for mask in scene.masks:
            overlaps.append(max(((mask & m).sum() / (mask | m).sum() for _, m in answer), default=0.0))
    low, high = _interval(np.array(hits, dtype=float))
    return {
        "corloc": round(float(np.mean(hits)), 3),
        "corloc_95": [low, high],
        "recall": round(float(np.mean(recalled)), 3),
        "precision": round(float(np.mean(precise)), 3) if precise else None,
        "mask_iou": round(float(np.mean(overlaps)), 3),
    }


def _interval(values: np.ndarray) -> tuple[float, float]:
    """Bootstrap over scenes, 95 %."""
    random = np.random.default_rng(0)
    means = values[random.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    return round(float(np.quantile(means, 0.025)), 3), round(float(np.quantile(means, 0.975)), 3)


def _box(mask: np.ndarray) -> Box:
    y, x = np.nonzero(mask)
    return float(x.min()), float(y.min()), float(x.max() + 1), float(y.max() + 1)


def _iou(one: Box, other: Box) -> float:
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    both = across * down
    areas = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return both / (areas - both)


if __name__ == "__main__":
    main()
