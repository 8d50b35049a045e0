import cv2
import numpy as np
import pytest
from tests.unit.analytics.look.patches import grid, unit

from dino_analytics.core.look.coherence import coherence
from dino_analytics.core.look.matching import Matches, mutual, tightened

GRIDS = ((16, 16), (16, 16))
OWN = grid(np.zeros((16, 16), int), places=3.0, noise=0.05)


def test_a_shifted_grid_is_matched_by_its_shift():
    second = grid(np.zeros((16, 16), int), places=3.0, noise=0.05, seed=2)
    shifted = np.roll(second, (2, 3), axis=(0, 1))
    found = mutual(OWN, shifted)
    inside = (found.first[:, 0] < 13 / 16) & (found.first[:, 1] < 14 / 16)
    moved = (found.second - found.first)[inside]
    assert inside.sum() > 150
    assert np.allclose(np.median(moved, axis=0), [3 / 16, 2 / 16], atol=0.01)
    judged = coherence(found, GRIDS)
    assert judged.same is True
    assert judged.model == "affine"
    assert judged.fit > 0.7


def test_the_same_grid_matches_itself_whole():
    found = mutual(OWN, OWN)
    assert len(found.cosine) == 256
    assert found.cosine.min() == pytest.approx(1.0, abs=1e-5)
    judged = coherence(found, GRIDS)
    assert judged.fit == 1.0
    assert judged.probability > 0.9
    assert judged.matrix is not None
    assert np.allclose(judged.matrix, np.eye(3), atol=0.01)


def test_unlike_grids_are_different_things():
    other = unit(np.random.default_rng(8).normal(size=(16, 16, 64)))
    judged = coherence(mutual(OWN, other), GRIDS)
    assert judged.same is False
    assert judged.agreement < 0.3


def test_no_match_is_no_error():
    opposite = (-OWN).astype(np.float32)
    found = mutual(np.repeat(OWN[:1, :1], 16, axis=0), np.repeat(opposite[:1, :1], 16, axis=0))
    assert len(found.cosine) == 0
    judged = coherence(found, GRIDS)
    assert (judged.model, judged.fit, judged.matrix) == ("none", 0.0, None)
    assert judged.same is False


@pytest.mark.parametrize("points", ["line", "one place"])
def test_places_that_determine_no_geometry_are_no_error(points):
    count = 40
    t = np.linspace(0.1, 0.9, count)
    places = np.stack([t, t], axis=1) if points == "line" else np.full((count, 2), 0.5)
    cells = np.stack([np.arange(count), np.arange(count)], axis=1)
    judged = coherence(Matches(places, places, np.full(count, 0.8), cells), GRIDS)
    assert 0.0 <= judged.probability <= 1.0


def test_places_between_patches_are_found():
    y, x = np.mgrid[0:16, 0:16].astype(float)
    angles = np.stack([np.cos(a * x + b * y) for a in (0.1, 0.2, 0.4) for b in (0.1, 0.3)] + [np.ones((16, 16))], -1)
    half = np.stack(
        [np.cos(a * (x - 0.4) + b * y) for a in (0.1, 0.2, 0.4) for b in (0.1, 0.3)] + [np.ones((16, 16))], -1
    )
    found = mutual(unit(angles), unit(half))
    moved = 16 * (found.second - found.first)
    assert np.median(np.abs(moved[:, 0] - 0.4)) < 0.2


def test_pixels_place_matches_finely():
    noise = np.random.default_rng(6).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    first = cv2.resize(noise, (320, 320), interpolation=cv2.INTER_CUBIC)
    shift = np.array([[1, 0, 9.0], [0, 1, -5.0]])
    second = cv2.warpAffine(first, shift, (320, 320), borderMode=cv2.BORDER_REFLECT_101)
    places = np.stack(np.meshgrid(np.linspace(0.2, 0.8, 7), np.linspace(0.2, 0.8, 7)), axis=-1).reshape(-1, 2)
    coarse = Matches(places, places.copy(), np.ones(49), np.zeros((49, 2), int))
    fine, sure = tightened(coarse, first, second, (16, 16))
    squeezed, _ = tightened(coarse, first, cv2.resize(second, (240, 320)), (16, 16))
    assert np.median(np.linalg.norm(320 * (squeezed.second - places) - [9, -5], axis=1)) < 1.0
    error = np.linalg.norm(320 * (fine.second - places) - [9, -5], axis=1)
    assert sure.mean() > 0.8
    assert np.median(error[sure]) < 0.5


def test_pixels_that_do_not_agree_move_nothing():
    random = np.random.default_rng(6)
    first, second = (random.integers(0, 255, (320, 320, 3)).astype(np.uint8) for _ in range(2))
    places = np.full((20, 2), 0.5) + random.uniform(-0.3, 0.3, (20, 2))
    coarse = Matches(places, places.copy(), np.ones(20), np.zeros((20, 2), int))
    fine, sure = tightened(coarse, first, second, (16, 16))
    assert sure.sum() <= 1
    assert np.allclose(fine.second[~sure], places[~sure])
