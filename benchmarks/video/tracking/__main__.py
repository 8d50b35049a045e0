"""Tracking a real cut-out over real photographs, with growth, a pan, and a time out of sight.

    python -m benchmarks.video.tracking MEDIA [--models DIR] [--tiles 1 2] [--write]

MEDIA as in `benchmarks.video.tracking.scenes` and `benchmarks.video.camera.sources`. Features are the built-in model's
patch tokens: of the whole frame (16 × 16 patches) and of its four quarters (32 × 32).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmarks.video.camera.sources import EXAMPLES
from benchmarks.video.tracking.scenes import HIDDEN, Scene, scenes
from numpy.typing import NDArray

from dino_inference.visual_model import VisualModel
from dino_video.core.tracking import (
    TrackedFrame,
    box_labels,
    mask_labels,
    patch_mask,
    refine_box_labels,
    track,
)

RESULTS = Path(__file__).parents[2] / "results"
BACKGROUNDS = (
    *("aloeL.jpg", "baboon.jpg", "board.jpg", "building.jpg", "fruits.jpg", "graf1.png", "home.jpg"),
    *("leuvenA.jpg", "rubberwhale1.png", "stuff.jpg"),
)
SEEN = 0.5
"""Share of the object's usual area from which a frame counts as showing it."""


@dataclass(frozen=True)
class Settings:
    """What loading the built-in model needs."""

    model_cache_dir: Path
    model_name: str = ""
    device: str = "cpu"
    precision: str = "auto"
    batch_size: int = 16
    max_pixels: int = 100_000_000


def backgrounds(media: Path) -> dict[str, NDArray[np.uint8]]:
    found = {}
    for name in BACKGROUNDS:
        picture = cv2.imread(str(media / EXAMPLES / name), cv2.IMREAD_COLOR)
        if picture is None:
            raise FileNotFoundError(name)
        found[name] = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    return found


def patch_features(model: VisualModel, scene: Scene, tiles: int) -> NDArray[np.float32]:
    """(n, rows, columns, d): one forward a frame (`tiles` 1), or one for each of tiles² parts."""
    rows, columns = model.patch_grid
    height, width = model.input_size
    side = scene.frames.shape[1] // tiles
    found = []
    for frame in scene.frames:
        parts = [
            cv2.resize(
                frame[y * side : (y + 1) * side, x * side : (x + 1) * side],
                (width, height),
                interpolation=cv2.INTER_AREA,
            )
            for y in range(tiles)
            for x in range(tiles)
        ]
        patches = model.embed(np.stack([np.asarray(part, np.uint8) for part in parts]), patches=True).patches
        assert patches is not None
        grid = patches.astype(np.float32).reshape(tiles, tiles, rows, columns, -1)
        found.append(grid.transpose(0, 2, 1, 3, 4).reshape(tiles * rows, tiles * columns, -1))
    return np.stack(found)


def judge(scene: Scene, found: list[TrackedFrame]) -> dict[str, float]:
    """Intersection over union while seen, whether the loss is noticed, and whether the object is found again."""
    size = scene.masks.shape[1:]
    usual = scene.masks[0].sum()
    masks, boxes, lost, hidden = [], [], 0, 0
    again: int | None = None
    for at, (one, true) in enumerate(zip(found, scene.masks, strict=True)):
        if at == 0:
            continue
        mask = patch_mask(one.labels, size) if one.box else np.zeros(size, bool)
        overlap = float((mask & true).sum() / max(1, (mask | true).sum()))
        if true.sum() >= SEEN * usual:
            masks.append(overlap)
            boxes.append(_box_iou(one.box, _true_box(true)))
            if at >= HIDDEN[1] and again is None and overlap > 0.3:
                again = at
        if not true.any():
            hidden += 1
            lost += one.state == "lost"
    first_seen = next(at for at in range(HIDDEN[1], len(found)) if scene.masks[at].sum() >= SEEN * usual)
    return {
        "mask_iou": float(np.mean(masks)),
        "box_iou": float(np.mean(boxes)),
        "loss_noticed": lost / max(1, hidden),
        "found_again": float(again is not None),
        "frames_to_find": float(max(0, again - first_seen)) if again is not None else float("nan"),
    }


def _true_box(mask: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    down, across = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return across[0] / width, down[0] / height, (across[-1] + 1) / width, (down[-1] + 1) / height


def _box_iou(one: tuple[float, ...] | None, two: tuple[float, ...]) -> float:
    if one is None:
        return 0.0
    wide = max(0.0, min(one[2], two[2]) - max(one[0], two[0]))
    high = max(0.0, min(one[3], two[3]) - max(one[1], two[1]))
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, two)]
    return wide * high / (sum(area) - wide * high)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("media", type=Path)
    parser.add_argument("--models", type=Path, default=Path("var/models"), help="model cache with the built-in model")
    parser.add_argument("--tiles", type=int, nargs="*", default=[1, 2], help="forwards along each side of a frame")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args()
    model: VisualModel | None = None
    rows: dict[str, list[dict[str, float]]] = {}
    seconds: dict[str, list[float]] = {}
    for scene in scenes(chosen.media, backgrounds(chosen.media)):
        for tiles in chosen.tiles:
            kept = chosen.media / f"tracking-{scene.name}-{tiles}.npy"
            if kept.is_file():
                features = np.load(kept).astype(np.float32)
            else:
                model = model or VisualModel.load(Settings(chosen.models))
                features = patch_features(model, scene, tiles)
                np.save(kept, features.astype(np.float16))
            grid = features.shape[1:3]
            from_mask = mask_labels(scene.masks[0], grid)
            rough = box_labels(_true_box(scene.masks[0]), grid)
            starts = {"mask": from_mask, "box": rough, "box, refined": refine_box_labels(rough, features[0])}
            for start, labels in starts.items():
                began = time.process_time()
                found = track(iter(features), labels)
                name = f"{grid[0]} × {grid[1]}, {start}"
                seconds.setdefault(name, []).append((time.process_time() - began) / len(features))
                figures = judge(scene, found) | {"best_possible_mask_iou": _ceiling(scene, grid)}
                rows.setdefault(name, []).append(figures)
                shown = " ".join(f"{k} {v:.2f}" for k, v in figures.items())
                print(
                    f"{scene.name:10} {scene.kind:17} {name:22} {shown} best possible {_ceiling(scene, grid):.2f}",
                    flush=True,
                )
    table = {
        name: {k: round(float(np.nanmean([row[k] for row in found])), 3) for k in found[0]}
        | {"core_ms_a_frame": round(1000 * float(np.median(seconds[name])), 1), "scenes": len(found)}
        for name, found in rows.items()
    }
    for name, figures in table.items():
        print(name, json.dumps(figures))
    if chosen.write:
        _write(table)
    return 0


def _ceiling(scene: Scene, grid: tuple[int, ...]) -> float:
    """Intersection over union of the true mask with itself, seen through the patches."""
    found = [m for m in scene.masks if m.sum() >= SEEN * scene.masks[0].sum()]
    through = [patch_mask(mask_labels(m, (grid[0], grid[1])), m.shape) for m in found]
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in zip(found, through, strict=True)]))


def _write(table: dict[str, dict[str, float]]) -> None:
    sides = " ".join(sorted({"1" if name.startswith("16") else "2" for name in table}))
    command = f"python -m benchmarks.video.tracking MEDIA --tiles {sides} --write"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "video_tracking.json").write_text(json.dumps({"command": command, "results": table}, indent=1) + "\n")
    columns = list(next(iter(table.values())))
    lines = [
        "# Tracking",
        "",
        f"`{command}`",
        "",
        "| patches, start | " + " | ".join(c.replace("_", " ") for c in columns) + " |",
    ]
    lines.append("|---" * (len(columns) + 1) + "|")
    lines += [f"| {name} | " + " | ".join(str(row[c]) for c in columns) + " |" for name, row in table.items()]
    (RESULTS / "video_tracking.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
