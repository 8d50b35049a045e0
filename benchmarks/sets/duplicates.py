"""Copies among pictures that are merely alike: precision and recall beside perceptual hashes and features alone."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import imagehash
import numpy as np
from benchmarks.labelled import photographs
from benchmarks.sets.made import real
from PIL import Image, ImageEnhance, ImageOps

from dino_analytics.core.sets.copies import candidate_pairs
from dino_analytics.core.sets.prints import compare_prints, make_print
from dino_common.imaging import ImageLimits, decode_rgb
from dino_inference.core.engines.choose import make_engine
from dino_inference.core.features import finish
from dino_inference.core.preprocess import preprocess
from dino_inference.locate import locate
from dino_inference.pull import default_cache_dir

MIN_COSINE, MIN_MATCH, CROP_COSINE = 0.6, 0.93, 0.72


def _coded(picture: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def _part(picture: Image.Image, share: float, left: float = 0.5, top: float = 0.5) -> Image.Image:
    width, height = (round(side * share) for side in picture.size)
    x, y = round((picture.width - width) * left), round((picture.height - height) * top)
    return picture.crop((x, y, x + width, y + height))


def _toned(picture: Image.Image) -> Image.Image:
    warm = np.asarray(picture) * np.array([1.2, 1.0, 0.7])
    return Image.fromarray(np.clip(warm, 0, 255).astype(np.uint8))


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG 50": lambda p: _coded(p, quality=50),
    "JPEG 15": lambda p: _coded(p, quality=15),
    "WebP 60": lambda p: _coded(p, "WEBP", quality=60),
    "half": lambda p: _coded(p.resize((p.width // 2, p.height // 2)), quality=90),
    "quarter": lambda p: _coded(p.resize((p.width // 4, p.height // 4)), quality=90),
    "crop 90 %": lambda p: _coded(_part(p, 0.9), quality=90),
    "crop 75 %, off centre": lambda p: _coded(_part(p, 0.75, 0.2, 0.8), quality=90),
    "crop 60 %": lambda p: _coded(_part(p, 0.6, 0.6, 0.3), quality=90),
    "brighter": lambda p: _coded(ImageEnhance.Brightness(p).enhance(1.3), quality=90),
    "less contrast": lambda p: _coded(ImageEnhance.Contrast(p).enhance(0.6), quality=90),
    "warm": lambda p: _coded(_toned(p), quality=90),
    "grey": lambda p: _coded(p.convert("L").convert("RGB"), quality=90),
    "mirrored": lambda p: _coded(ImageOps.mirror(p), quality=90),
}


def pictures() -> tuple[list[bytes], np.ndarray, list[str], np.ndarray]:
    """Files, the picture that each is a copy of, what was done to it, and the features of the last of them, which are
    known already; pictures merely alike are their own."""
    files, owner, change = [], [], []
    for number, (_, original) in enumerate(sorted(photographs.originals().items())):
        for name, how in {"original": lambda p: _coded(p, quality=95), **CHANGES}.items():
            files.append(how(original))
            owner.append(number)
            change.append(name)
    own = itertools.count(10_000)
    import skimage.data

    # The other eye's view, and parts of one texture side by side: alike, and no copies of each other.
    _, right, _ = skimage.data.stereo_motorcycle()
    files.append(_coded(Image.fromarray(right), quality=95))
    owner.append(next(own))
    change.append("alike")
    _, samples, vectors = real()
    views = [n for n, item in enumerate(samples) if item.group == "mesh"][:600]
    for n in views:
        files.append(samples[n].data)
        owner.append(next(own))
        change.append("alike")
    return files, np.asarray(owner), change, vectors[views]


def features(files: list[bytes]) -> np.ndarray:
    card = real()[0]
    engine = make_engine(locate("", default_cache_dir()), card)
    rows = []
    for start in range(0, len(files), 16):
        batch = [preprocess(data, card.image, ImageLimits()) for data in files[start : start + 16]]
        print(f"{start} of {len(files)}", flush=True)
        rows.append(engine.forward(np.stack(batch)).cls)
    return finish(np.concatenate(rows), card.centring, card.whitening).astype(np.float32)


def judged(pairs: set[tuple[int, int]], owner: np.ndarray, change: list[str]) -> dict:
    truth = {
        pair
        for number in np.unique(owner)
        for pair in itertools.combinations(np.flatnonzero(owner == number).tolist(), 2)
    }
    originals = {int(owner[n]): n for n, name in enumerate(change) if name == "original"}
    of_change: dict[str, list[bool]] = {}
    for n, name in enumerate(change):
        if name not in ("original", "alike"):
            pair = tuple(sorted((n, originals[int(owner[n])])))
            of_change.setdefault(name, []).append(pair in pairs)
    to_original = [hit for hits in of_change.values() for hit in hits]
    right = len(pairs & truth)
    return {
        "precision": round(right / len(pairs), 4) if pairs else None,
        "recall_of_pairs": round(right / len(truth), 4),
        "recall_of_copies": round(float(np.mean(to_original)), 4),
        "by_change": {name: round(float(np.mean(hits)), 3) for name, hits in of_change.items()},
    }


def ours(files: list[bytes], rows: np.ndarray) -> set[tuple[int, int]]:
    """Verified pairs; groups that they make are then all pairs of copies."""
    from dino_analytics.core.sets.copies import Groups

    pairs, cosine = candidate_pairs(rows, MIN_COSINE)
    prints = [make_print(decode_rgb(data, at_least=192)) for data in files]
    groups = Groups(len(files))
    for (one, other), value in zip(pairs.tolist(), cosine.tolist(), strict=True):
        if not groups.together(one, other) and compare_prints(
            prints[one], prints[other], MIN_MATCH, crops=value >= CROP_COSINE
        ):
            groups.join(one, other)
    return {pair for group in groups.all() for pair in itertools.combinations(group, 2)}


def hashed(files: list[bytes], how: Callable, bits: int) -> set[tuple[int, int]]:
    codes = np.stack([how(Image.open(io.BytesIO(data)).convert("RGB")).hash.ravel() for data in files]).astype(np.int32)
    distance = codes @ (1 - codes.T) + (1 - codes) @ codes.T
    return {(int(i), int(j)) for i, j in np.argwhere(np.triu(distance <= bits, 1))}


def measure() -> dict:
    files, owner, change, known = pictures()
    rows = np.concatenate([features(files[: len(files) - len(known)]), known])
    card = real()[0]
    assert card.thresholds is not None
    cosines = np.triu(rows @ rows.T, 1)
    found = {
        "find-duplicates": judged(ours(files, rows), owner, change),
        f"features alone, cosine {card.thresholds.duplicate}": judged(
            {(int(i), int(j)) for i, j in np.argwhere(cosines >= card.thresholds.duplicate)}, owner, change
        ),
    }
    for name, how in (("pHash", imagehash.phash), ("dHash", imagehash.dhash), ("wHash", imagehash.whash)):
        for bits in (4, 10):
            found[f"{name}, {bits} bits"] = judged(hashed(files, how, bits), owner, change)
    return {"pictures": len(files), "originals": 21, "alike": change.count("alike"), "methods": found}
