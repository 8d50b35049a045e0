"""Whole and parts put together to one grid."""

from __future__ import annotations

import numpy as np
import pytest

from dino_analytics.core.continuity.tiles import GRID, TILES, cut, merged, parts


def ramps(rows: int = 16) -> np.ndarray:
    """Patches that tell where in the picture they are, by an angle each across and down."""
    found = []
    for left, top, right, bottom in TILES:
        middle = (np.arange(rows) + 0.5) / rows
        x, y = np.meshgrid(left + middle * (right - left), top + middle * (bottom - top))
        found.append(np.stack([np.cos(x), np.sin(x), np.cos(y), np.sin(y)], axis=-1) / np.sqrt(2))
    return np.stack(found).astype(np.float32)


def test_each_cell_shows_its_own_place():
    grid = merged(ramps())
    middle = (np.arange(GRID) + 0.5) / GRID
    across = np.arctan2(grid[..., 1], grid[..., 0])
    down = np.arctan2(grid[..., 3], grid[..., 2])
    assert np.abs(across - middle[None, :]).max() < 0.02
    assert np.abs(down - middle[:, None]).max() < 0.02
    assert np.linalg.norm(grid, axis=-1) == pytest.approx(np.ones((GRID, GRID)), abs=1e-5)


def test_parts_cover_the_picture_and_overlap():
    picture = np.arange(64 * 96 * 3, dtype=np.uint32).reshape(64, 96, 3).astype(np.uint8)
    four = parts(picture)
    assert len(four) == 4
    assert all(part.shape == (36, 54, 3) for part in four)
    assert np.array_equal(four[0], picture[:36, :54])
    assert np.array_equal(four[3], picture[28:, 42:])
    assert cut(picture, (32, 32)).shape == (5, 32, 32, 3)


def test_patches_of_another_number_of_tiles_are_refused():
    with pytest.raises(ValueError, match="patches are"):
        merged(np.zeros((4, 16, 16, 8), np.float32))
