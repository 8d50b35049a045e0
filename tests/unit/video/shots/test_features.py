"""Features of thumbnails answer to boundaries, and to nothing else."""

from __future__ import annotations

import numpy as np
from tests.unit.video import films

from dino_video.core.shots.features import COUNT, LAGS, REACH, SPANS, features
from dino_video.core.shots.network import built_in
from dino_video.core.shots.scoring import CONTEXT, Scorer, score


def padded(pictures: list[np.ndarray]) -> np.ndarray:
    return np.pad(np.stack(pictures), ((REACH, REACH), (0, 0), (0, 0), (0, 0)), mode="edge")


def still(seed: int, count: int) -> list[np.ndarray]:
    return [films.texture(seed, 48, 27)] * count


def test_shape_and_finite_numbers_on_black_and_on_noise() -> None:
    black = np.zeros((2 * REACH + 5, 27, 48, 3), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, black.shape, np.uint8)
    for pictures in (black, noise):
        found = features(pictures)
        assert found.shape == (5, COUNT)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


def test_a_cut_shows_in_every_descriptor_at_its_frame() -> None:
    found = features(padded(still(1, 20) + still(2, 20)))
    for descriptor in range(4):
        step = found[:, descriptor * len(LAGS)]
        assert int(np.argmax(step)) == 20
        assert step[20] > 10 * np.delete(step, 20).max() + 0.05


def test_a_flash_leaves_structure_and_gradients_alone() -> None:
    base = films.texture(1, 48, 27)
    flash = (base + (255 - base.astype(np.float32)) * 0.5).astype(np.uint8)
    found = features(padded([base] * 10 + [flash] + [base] * 10))
    cut = features(padded(still(1, 10) + still(2, 10)))
    for descriptor in (0, 3):
        assert found[10, descriptor * len(LAGS)] < 0.3 * cut[10, descriptor * len(LAGS)]


def test_a_dissolve_lies_on_the_line_between_its_neighbours() -> None:
    old, new = films.texture(1, 48, 27).astype(np.float32), films.texture(2, 48, 27).astype(np.float32)
    mixed = [(old + (new - old) * (n + 1) / 21).astype(np.uint8) for n in range(20)]
    found = features(padded(still(1, 30) + mixed + still(2, 30)))
    first = 4 * len(LAGS) + 3 + 8 + 5 * SPANS.index(10)
    along, off, either = found[40, first], found[40, first + 1], found[40, first + 2]
    assert abs(along - 0.5) < 0.05
    assert off < 0.05
    assert either > 0.3


def test_a_wipe_is_in_each_place_one_of_its_neighbours() -> None:
    old, new = films.texture(1, 48, 27), films.texture(2, 48, 27)
    mixed = [np.concatenate([new[:, : 2 * n + 4], old[:, 2 * n + 4 :]], axis=1) for n in range(20)]
    found = features(padded([old] * 30 + mixed + [new] * 30))
    first = 4 * len(LAGS) + 3 + 8 + 5 * SPANS.index(26)
    assert found[40, first + 2] < 0.05
    assert found[40, first + 1] > 0.2
    assert 0.3 < found[40, first + 3] < 0.7


def test_scores_do_not_depend_on_how_frames_come() -> None:
    """Blocks are counted from the first frame; a film is scored alike in one go and frame by frame, at any length."""
    network = built_in()
    pictures = np.concatenate([np.stack(films.moving(seed, 90, 48, 27)) for seed in range(8)])
    for count in (1, 2, 5, 100, 511, 512, 513, 700):
        whole = score(pictures[:count], network)
        assert len(whole.cut) == len(whole.gradual) == len(whole.kinds) == count
        scorer = Scorer(network)
        for picture in pictures[:count]:
            scorer.add(picture)
            assert len(scorer._waiting) <= 512 + 2 * CONTEXT
        again = scorer.finish()
        assert (whole.cut == again.cut).all()
        assert (whole.gradual == again.gradual).all()


def test_no_frames_have_no_scores() -> None:
    assert len(Scorer(built_in()).finish().cut) == 0
