"""Planted defects on views of one object: ROC-AUC of the image score, and whether the region holds the defect."""

from __future__ import annotations

import numpy as np
from benchmarks.labelled import photographs
from benchmarks.labelled.measures import auc
from benchmarks.sets.made import real
from PIL import Image, ImageFilter

from dino_analytics.core.sets.anomaly import Bank, drawn, image_score, odd_region, patch_distances, quota, threshold_of
from dino_analytics.dense import unit_patches
from dino_inference.core.engines.choose import make_engine
from dino_inference.core.features import finish
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

SCENES = ("brick", "grass", "gravel", "coins", "page", "text", "astronaut", "chelsea", "coffee", "rocket")
REFERENCES, PROPER, ODD = 6, 6, 9
SIDE = 256
DEFECTS = ("scratch", "blob", "missing", "foreign", "blur")


def view(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """The scene as another camera would take it: shifted, turned and lit a little otherwise, with noise."""
    turned = picture.rotate(random.uniform(-3, 3), Image.Resampling.BICUBIC)
    width, height = turned.size
    share = random.uniform(0.72, 0.8)
    w, h = round(width * share), round(height * share)
    x = round((width - w) * random.uniform(0.4, 0.6))
    y = round((height - h) * random.uniform(0.4, 0.6))
    small = turned.crop((x, y, x + w, y + h)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    pixels = np.asarray(small, np.float32) * random.uniform(0.9, 1.1) + random.uniform(-8, 8)
    return Image.fromarray(np.clip(pixels + random.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8))


def spoiled(
    picture: Image.Image, kind: str, other: Image.Image, random: np.random.Generator
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Plant a defect; return the picture and the defect's box in pixels."""
    pixels = np.asarray(picture).copy()
    size = int(random.integers(26, 46))
    x, y = (int(random.integers(10, SIDE - size - 10)) for _ in range(2))
    box = (x, y, x + size, y + size)
    row, column = np.mgrid[0:SIDE, 0:SIDE]
    if kind == "scratch":
        line = np.abs((row - y) - (column - x)) < 2
        pixels[line & (column >= x) & (column < x + size)] = random.integers(0, 255, 3)
    elif kind == "blob":
        inside = (row - y - size / 2) ** 2 + (column - x - size / 2) ** 2 < (size / 2) ** 2
        pixels[inside] = random.integers(0, 255, 3)
    elif kind == "missing":
        pixels[y : y + size, x : x + size] = pixels[y : y + size, x : x + size].mean(axis=(0, 1))
    elif kind == "foreign":
        pixels[y : y + size, x : x + size] = np.asarray(other.resize((size, size)))
    else:
        soft = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(4)))
        pixels[y : y + size, x : x + size] = soft[y : y + size, x : x + size]
    return Image.fromarray(pixels), box


def measure() -> dict:
    card = real()[0]
    engine = make_engine(locate("", default_cache_dir()), card)
    originals = photographs.originals()

    def looked(pictures: list[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
        side = card.image.height
        batch = np.stack([np.asarray(p.resize((side, side), Image.Resampling.BICUBIC), np.uint8) for p in pictures])
        parts = [engine.forward(batch[n : n + 8], patches=True) for n in range(0, len(batch), 8)]
        tokens = np.concatenate([part.patches for part in parts if part.patches is not None])
        cls = finish(np.concatenate([part.cls for part in parts]), card.centring, card.whitening)
        return unit_patches(tokens), cls

    scores: list[float] = []
    by_features: list[float] = []
    odd: list[bool] = []
    kinds: list[str] = []
    hits: list[bool] = []
    flagged: list[bool] = []
    names = [name for name in SCENES if name in originals]
    for number, name in enumerate(names):
        random = np.random.default_rng(number)
        other = originals[names[(number + 3) % len(names)]]
        reference = [view(originals[name], random) for _ in range(REFERENCES)]
        proper = [view(originals[name], random) for _ in range(PROPER)]
        defects = [DEFECTS[n % len(DEFECTS)] for n in range(ODD)]
        planted = [spoiled(view(originals[name], random), kind, other, random) for kind in defects]
        patches, cls = looked([*reference, *proper, *(picture for picture, _ in planted)])
        side = round(patches.shape[1] ** 0.5)
        take = quota(REFERENCES, patches.shape[1])
        bank = Bank(
            np.concatenate([drawn(patches[n], take, n) for n in range(REFERENCES)]),
            np.repeat(np.arange(REFERENCES, dtype=np.int32), take),
        )
        alone = [image_score(patch_distances(patches[n], bank, without=n)) for n in range(REFERENCES)]
        threshold = threshold_of(np.asarray(alone), 0.01)
        for at in range(REFERENCES, len(patches)):
            distances = patch_distances(patches[at], bank)
            scores.append(image_score(distances))
            by_features.append(1.0 - float((cls[:REFERENCES] @ cls[at]).max()))
            is_odd = at >= REFERENCES + PROPER
            odd.append(is_odd)
            flagged.append(scores[-1] > threshold)
            kinds.append(defects[at - REFERENCES - PROPER] if is_odd else "proper")
            if is_odd:
                box = planted[at - REFERENCES - PROPER][1]
                left, top, right, bottom = (SIDE * edge for edge in odd_region(distances.reshape(side, side)))
                hits.append(left < box[2] and box[0] < right and top < box[3] and box[1] < bottom)
    truth, values = np.asarray(odd), np.asarray(scores)
    per_scene = np.repeat(np.arange(len(names)), PROPER + ODD)
    within = [auc(values[per_scene == n], truth[per_scene == n]) for n in range(len(names))]
    plain = [auc(np.asarray(by_features)[per_scene == n], truth[per_scene == n]) for n in range(len(names))]
    calls = np.asarray(flagged)
    return {
        "scenes": len(names),
        "references_each": REFERENCES,
        "proper": int((~truth).sum()),
        "defects": int(truth.sum()),
        "auroc_mean_of_scenes": round(float(np.mean(within)), 4),
        "auroc_worst_scene": round(float(np.min(within)), 4),
        "auroc_by_whole_picture_features": round(float(np.mean(plain)), 4),
        "region_holds_defect": round(float(np.mean(hits)), 4),
        "found_at_threshold": round(float(calls[truth].mean()), 4),
        "false_alarms_at_threshold": round(float(calls[~truth].mean()), 4),
        "found_by_kind": {kind: round(float(calls[np.asarray(kinds) == kind].mean()), 3) for kind in DEFECTS},
    }
