from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_video.core.tracking import LabelPropagator, Propagation, propagate

ROWS, COLUMNS, WIDTH = 10, 14, 24


def random_frame(seed: int, rows: int = ROWS, columns: int = COLUMNS) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns, WIDTH)).astype(np.float32)


def brute(now: np.ndarray, known: list[np.ndarray], marks: list[np.ndarray], s: Propagation) -> np.ndarray:
    """The definition, patch by patch."""
    unit = lambda f: f / np.linalg.norm(f, axis=-1, keepdims=True)  # noqa: E731
    out = np.zeros(now.shape[:2])
    for r in range(now.shape[0]):
        for c in range(now.shape[1]):
            pairs = []
            for frame, mark in zip(known, marks, strict=True):
                for y in range(max(0, r - s.window), min(now.shape[0], r + s.window + 1)):
                    for x in range(max(0, c - s.window), min(now.shape[1], c + s.window + 1)):
                        pairs.append((float(unit(now)[r, c] @ unit(frame)[y, x]), mark[y, x]))
            best = sorted(pairs, key=lambda pair: -pair[0])[: s.top]
            weights = np.exp(np.array([cosine for cosine, _ in best]) / s.temperature)
            out[r, c] = weights @ np.array([mark for _, mark in best]) / weights.sum()
    return out


@pytest.mark.parametrize("window", [1, 3, 20])
def test_propagation_is_its_definition(window: int) -> None:
    settings_ = Propagation(window=window, top=4, temperature=0.2, recent=2)
    frames = [random_frame(seed, 5, 7) for seed in range(4)]
    first = (np.random.default_rng(9).random((5, 7)) > 0.6).astype(np.float32)
    found = propagate(frames, first, settings_)
    expected = brute(frames[3], [frames[0], frames[1], frames[2]], [first, found[1], found[2]], settings_)
    np.testing.assert_allclose(found[3], expected, atol=1e-5)


def test_the_first_frame_is_always_context_and_old_ones_are_dropped() -> None:
    settings_ = Propagation(recent=1)
    frames = [random_frame(seed, 5, 7) for seed in range(4)]
    first = np.eye(5, 7, dtype=np.float32)
    found = propagate(frames, first, settings_)
    np.testing.assert_allclose(
        found[3], brute(frames[3], [frames[0], frames[2]], [first, found[2]], settings_), atol=1e-5
    )


def test_a_shifted_scene_takes_its_labels_along() -> None:
    scene = random_frame(1, ROWS, COLUMNS + 8)
    labels = np.zeros((ROWS, COLUMNS + 8), np.float32)
    labels[3:7, 9:13] = 1.0
    frames = [scene[:, shift : shift + COLUMNS] for shift in range(6)]
    found = propagate(frames, labels[:, :COLUMNS])
    for shift, mask in enumerate(found):
        # What has come into view meanwhile was never seen before.
        seen = COLUMNS - shift
        np.testing.assert_array_equal(mask[:, :seen] >= 0.5, labels[:, shift : shift + seen] >= 0.5)


def test_nothing_comes_from_beyond_the_window() -> None:
    scene = random_frame(1)
    labels = np.zeros((ROWS, COLUMNS), np.float32)
    labels[:, 0] = 1.0
    moved = np.roll(scene, 5, axis=1)
    near = propagate([scene, moved], labels, Propagation(window=2, top=1))[1]
    far = propagate([scene, moved], labels, Propagation(window=6, top=1))[1]
    assert near[:, 5].max() == 0.0
    assert far[:, 5].min() == 1.0


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 13), st.integers(1, 6), st.floats(0.05, 1.0))
def test_labels_that_add_up_to_one_still_do(seed: int, window: int, top: int, temperature: float) -> None:
    random = np.random.default_rng(seed)
    labels = random.dirichlet(np.ones(3), size=(ROWS, COLUMNS)).astype(np.float32)
    frames = [random_frame(seed), random_frame(seed + 1)]
    found = propagate(frames, labels, Propagation(window=window, top=top, temperature=temperature))[1]
    assert found.shape == labels.shape
    np.testing.assert_allclose(found.sum(axis=-1), 1.0, atol=1e-5)
    assert found.min() >= 0.0


def test_length_of_features_does_not_matter() -> None:
    frames = [random_frame(1), random_frame(2)]
    labels = (random_frame(3)[..., 0] > 0).astype(np.float32)
    scaled = [frames[0] * 7.0, frames[1].astype(np.float16)]
    np.testing.assert_allclose(propagate(frames, labels)[1], propagate(scaled, labels)[1], atol=2e-2)


def test_grids_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="patches"):
        LabelPropagator.start(random_frame(1), np.zeros((3, 3), np.float32))
    propagator = LabelPropagator.start(random_frame(1), np.zeros((ROWS, COLUMNS), np.float32))
    with pytest.raises(ValueError, match="after"):
        propagator.predict(random_frame(1, 4, 4))
    with pytest.raises(ValueError, match="finite"):
        propagator.predict(np.full((ROWS, COLUMNS, WIDTH), np.nan, np.float32))
