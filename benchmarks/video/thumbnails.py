"""Thumbnails and truth of encoded films, kept in ``var/``: what the default detector learns from and is tuned on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.video.encode import write
from benchmarks.video.film import Boundary, Recipe, compose
from numpy.typing import NDArray

from dino_video.core.decode.frames import frames
from dino_video.core.media.facts import probe
from dino_video.core.shots.signature import THUMBNAIL

CACHE = Path("var/bench/video/thumbnails-v1")


@dataclass(frozen=True)
class Labelled:
    """A film as thumbnails uint8 [n, 27, 48, 3], its boundaries, and the frames of its opening and closing fade."""

    thumbnails: NDArray[np.uint8]
    boundaries: tuple[Boundary, ...]
    opening: int
    closing: int


def labelled(recipe: Recipe) -> Labelled:
    """Compose, encode and decode a film once, and keep its thumbnails."""
    width, height = recipe.size
    kept = CACHE / f"{recipe.split}-{recipe.seed}-{recipe.boundaries}-{width}x{height}.npz"
    film = None
    if not kept.exists():
        film = compose(recipe)
        CACHE.mkdir(parents=True, exist_ok=True)
        path = write(film, kept.with_suffix(".mp4"))
        thumbnails = np.stack([frame.planes[THUMBNAIL] for frame in frames(path, probe(path), [THUMBNAIL])])
        path.unlink()
        if len(thumbnails) != film.length:
            raise SystemExit(f"film {recipe.seed} has {film.length} frames and {len(thumbnails)} came back")
        rows = np.array([(b.first, b.last) for b in film.boundaries])
        kinds = np.array([b.kind for b in film.boundaries])
        np.savez_compressed(
            kept, thumbnails=thumbnails, rows=rows, kinds=kinds, ends=np.array([film.opening, film.closing])
        )
    with np.load(kept) as found:
        boundaries = tuple(
            Boundary(str(kind), int(first), int(last))
            for kind, (first, last) in zip(found["kinds"], found["rows"], strict=True)
        )
        return Labelled(found["thumbnails"], boundaries, int(found["ends"][0]), int(found["ends"][1]))
