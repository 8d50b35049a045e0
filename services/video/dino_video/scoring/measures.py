"""The measures of a stretch from what was found of its frames, shot by shot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_video.core.vbench import Measure, background_consistency, subject_consistency
from dino_video.core.vbench.reference import ReferenceLikeness, i2v_subject

Span = tuple[int, int]
"""Frames [first, end) of one shot."""


@dataclass(frozen=True)
class Found:
    """What is known of a stretch's frames; None where nothing was asked for.

    Attributes:
        steady: (n,) closeness of each frame to the one before it; the first is not a number.
        smooth: numbers (k,) of odd frames and their closeness to the interpolation (k,).
        sampled: numbers (m,) of the frames with features.
        vectors, backgrounds: (m, d).
        reference: (d,) of length 1.
    """

    steady: NDArray[np.float64] | None = None
    smooth: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
    sampled: NDArray[np.int64] | None = None
    vectors: NDArray[np.float32] | None = None
    backgrounds: NDArray[np.float32] | None = None
    reference: NDArray[np.float32] | None = None


MEASURES: dict[str, Callable[[Found, Span], Measure | None]] = {}


def measure(found: Found, name: str, spans: Sequence[Span]) -> tuple[Measure | None, list[Measure | None]]:
    """Return a measure over all shots, the mean of all their values, and of each shot; None where none is long enough.

    No value compares frames of two shots. Frame numbers are the stretch's.
    """
    each = [MEASURES[name](found, span) for span in spans]
    there = [one for one in each if one is not None]
    if not there:
        return None, each
    whole = Measure.of(np.concatenate([one.frames for one in there]), np.concatenate([one.values for one in there]))
    return whole, each


def likeness(found: Found, spans: Sequence[Span]) -> tuple[ReferenceLikeness | None, list[ReferenceLikeness | None]]:
    """Return i2v_subject of all shots together and of each."""
    if found.reference is None or found.vectors is None or found.sampled is None:
        return None, [None] * len(spans)
    reference, vectors, sampled = found.reference, found.vectors, found.sampled
    groups = [np.flatnonzero((sampled >= first) & (sampled < end)) for first, end in spans]
    pairs = [np.einsum("nd,nd->n", vectors[at[:-1]], vectors[at[1:]]) for at in groups]
    each = [
        i2v_subject(reference, vectors[at], near) if len(near) else None for at, near in zip(groups, pairs, strict=True)
    ]
    near = np.concatenate(pairs) if pairs else np.zeros(0)
    return (i2v_subject(reference, vectors, near) if len(near) else None), each


def _steady(found: Found, span: Span) -> Measure | None:
    numbers = np.arange(span[0] + 1, span[1])
    if found.steady is None or not len(numbers):
        return None
    return Measure.of(numbers, found.steady[numbers])


def _smooth(found: Found, span: Span) -> Measure | None:
    if found.smooth is None:
        return None
    numbers, values = found.smooth
    # Both neighbours that a frame is interpolated from must be of the shot.
    inside = (numbers > span[0]) & (numbers + 1 < span[1])
    return Measure.of(numbers[inside], values[inside]) if inside.any() else None


def _consistent(
    found: Found,
    span: Span,
    features: NDArray[np.float32] | None,
    formula: Callable[[NDArray[np.float32]], Measure],
) -> Measure | None:
    if features is None or found.sampled is None:
        return None
    inside = (found.sampled >= span[0]) & (found.sampled < span[1])
    if np.count_nonzero(inside) < 2:
        return None
    course = formula(features[inside])
    return Measure(course.score, found.sampled[inside][course.frames], course.values)


MEASURES |= {
    "subject_consistency": lambda found, span: _consistent(found, span, found.vectors, subject_consistency),
    "background_consistency": lambda found, span: _consistent(found, span, found.backgrounds, background_consistency),
    "temporal_flickering": _steady,
    "motion_smoothness": _smooth,
}
