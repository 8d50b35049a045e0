"""How far two pictures agree patch by patch: mutual nearest patches, and maps of what has a counterpart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

REGIONS = (
    ("upper left", "upper middle", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "lower middle", "lower right"),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two patch grids.

    Attributes:
        mutual_share: of all patches, those that are each other's nearest in the other picture, 0–1.
        mutual_cosine: mean cosine of these pairs, −1 to 1; 0 when there is none.
        first_map, second_map: float32 (rows, columns), 0–1: how well each patch is found in the other picture, where
            0 is what any two patches of the pair have in common on average and 1 is the same patch.
        pairs: int (n, 2), numbers of the mutual pairs' patches in row order, first picture and second.
    """

    mutual_share: float
    mutual_cosine: float
    first_map: Floats
    second_map: Floats
    pairs: NDArray[np.intp]

    @property
    def score(self) -> float:
        """Mean of both maps, 0–1."""
        return float((self.first_map.mean() + self.second_map.mean()) / 2.0)


def agreement(first: Floats, second: Floats) -> Agreement:
    """Compare two grids of patch features.

    Mutual nearest neighbours ("best buddies": Dekel et al., "Best-buddies similarity", CVPR 2015) do without any
    threshold. The maps are the best cosine of each patch, from the pair's mean cosine (0) to 1, so that
    models whose patches all resemble each other give maps as telling as those of other models.

    Args:
        first, second: float32 (rows, columns, dimension), each patch of length 1; the grids may differ in size.

    Raises:
        ValueError: a grid is empty, or the dimensions differ.
    """
    one, other = first.reshape(-1, first.shape[-1]), second.reshape(-1, second.shape[-1])
    if not len(one) or not len(other) or one.shape[1] != other.shape[1]:
        raise ValueError(f"patches of shapes {first.shape} and {second.shape} cannot be compared")
    cosines = one @ other.T
    forth, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    mutual = np.flatnonzero(back[forth] == np.arange(len(one)))
    pairs = np.stack([mutual, forth[mutual]], axis=1)
    base = float(cosines.mean())
    room = max(1.0 - base, 1e-3)
    maps = [
        np.clip((best - base) / room, 0.0, 1.0).astype(np.float32).reshape(grid.shape[:2])
        for best, grid in ((cosines.max(axis=1), first), (cosines.max(axis=0), second))
    ]
    return Agreement(
        mutual_share=2.0 * len(pairs) / (len(one) + len(other)),
        mutual_cosine=float(cosines[pairs[:, 0], pairs[:, 1]].mean()) if len(pairs) else 0.0,
        first_map=maps[0],
        second_map=maps[1],
        pairs=pairs,
    )


@dataclass(frozen=True, slots=True)
class Region:
    """A ninth of a picture: its name, its edges (left, top, right, bottom, each 0–1) and its mean match, 0–1."""

    name: str
    box: tuple[float, float, float, float]
    match: float


def regions(matches: Floats) -> list[Region]:
    """Return the nine regions of a map (rows, columns), from the one that matches least to the one that does most."""
    rows, columns = matches.shape
    found: list[Region] = []
    for i, names in enumerate(REGIONS):
        for j, name in enumerate(names):
            top, bottom = rows * i // 3, max(rows * i // 3 + 1, rows * (i + 1) // 3)
            left, right = columns * j // 3, max(columns * j // 3 + 1, columns * (j + 1) // 3)
            part = matches[top:bottom, left:right]
            box = (left / columns, top / rows, min(1.0, right / columns), min(1.0, bottom / rows))
            found.append(Region(name, box, float(part.mean()) if part.size else 0.0))
    return sorted(found, key=lambda region: region.match)
