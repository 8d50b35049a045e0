"""The answer of score-video from what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_video.core.shots.boundaries import ShotSpan
from dino_video.core.timecode import frame_at, timecode
from dino_video.core.vbench import Measure
from dino_video.core.vbench.reference import ReferenceLikeness
from dino_video.scoring.measures import Found, likeness, measure
from dino_video.scoring.run import Scoring

NAMES = ("subject_consistency", "background_consistency", "temporal_flickering", "motion_smoothness")
I2V = "i2v_subject"
_LOWEST = 5


def scored(
    done: Scoring,
    measures: Sequence[str],
    reference: NDArray[np.float32] | None,
    *,
    per_shot: bool = False,
    across_cuts: bool = False,
) -> dict[str, Any]:
    """Return the measures as fields of ScoreVideoResponse, and of each shot when asked."""
    found = found_of(done, measures, reference)
    shots = [(span.first, span.end) for span in done.spans]
    spans = [(0, len(done.found.times))] if across_cuts else shots
    fields: dict[str, Any] = {}
    for name in NAMES:
        whole = measure(found, name, spans)[0] if name in measures else None
        fields[name] = None if whole is None else _measure(done, whole)
    whole = likeness(found, spans)[0]
    fields[I2V] = None if whole is None else _reference(done, whole)
    if not per_shot:
        return fields | {"shots": None}
    each: dict[str, list[float | None]] = {}
    for name in NAMES:
        of_shots = measure(found, name, shots)[1] if name in measures else [None] * len(shots)
        each[name] = [None if one is None else round(one.score, 6) for one in of_shots]
    each[I2V] = [None if one is None else round(one.score, 6) for one in likeness(found, shots)[1]]
    return fields | {"shots": [_shot(done, number, span, each) for number, span in enumerate(done.spans)]}


def found_of(done: Scoring, measures: Sequence[str], reference: NDArray[np.float32] | None) -> Found:
    """Gather what was found as arrays."""
    found = done.found
    vectors = np.stack(found.vectors) if found.vectors else None
    numbers = np.array([number for number, _ in found.smooth], np.int64)
    values = np.array([value for _, value in found.smooth], np.float64)
    return Found(
        steady=np.asarray(found.steady) if found.steady else None,
        smooth=(numbers, values) if found.smooth else None,
        sampled=np.asarray(found.sampled, np.int64),
        vectors=vectors,
        backgrounds=np.stack(found.backgrounds) if found.backgrounds and NAMES[1] in measures else None,
        reference=reference,
    )


def _measure(done: Scoring, whole: Measure) -> dict[str, Any]:
    return {
        "score": round(whole.score, 6),
        "frames": len(whole.values),
        "lowest": _lowest(done, whole.frames, whole.values),
        "timeline": _timeline(done, whole.frames, whole.values),
    }


def _reference(done: Scoring, whole: ReferenceLikeness) -> dict[str, Any]:
    frames = np.asarray(done.found.sampled, np.int64)[: len(whole.likeness)]
    return {
        "score": round(whole.score, 6),
        "frames": len(whole.likeness),
        "lowest": _lowest(done, frames, whole.likeness),
        "timeline": _timeline(done, frames, whole.likeness),
        "nearest": round(whole.nearest, 6),
        "mean_adjacent": round(whole.mean, 6),
        "lowest_adjacent": round(whole.lowest, 6),
    }


def _timeline(done: Scoring, frames: NDArray[np.int64], values: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "frames": np.array([_number(done, int(at)) for at in frames], np.int64),
        "times": np.array([round(float(done.found.times[at]), 6) for at in frames], np.float64),
        "values": np.round(np.clip(values, 0.0, 1.0), 6),
    }


def _lowest(done: Scoring, frames: NDArray[np.int64], values: NDArray[np.float64]) -> list[dict[str, Any]]:
    order = np.argsort(values, kind="stable")[:_LOWEST]
    return [_moment(done, int(frames[at]), float(values[at])) for at in order]


def _moment(done: Scoring, at: int, value: float) -> dict[str, Any]:
    number = _number(done, at)
    return {
        "frame": number,
        "time": round(float(done.found.times[at]), 6),
        "timecode": timecode(number, done.film.facts.rate),
        "value": round(min(1.0, max(0.0, value)), 6),
    }


def _shot(done: Scoring, number: int, span: ShotSpan, each: dict[str, list[float | None]]) -> dict[str, Any]:
    rate = done.film.facts.rate
    first = frame_at(span.start_time, rate)
    sampled = np.asarray(done.found.sampled, np.int64)
    return {
        "number": number + 1,
        "start_time": round(float(span.start_time), 6),
        "end_time": round(float(span.end_time), 6),
        "start_timecode": timecode(first, rate),
        "start_frame": first,
        "end_frame": frame_at(span.end_time, rate),
        "looked_at": int(np.count_nonzero((sampled >= span.first) & (sampled < span.end))),
        **{name: scores[number] for name, scores in each.items()},
    }


def _number(done: Scoring, at: int) -> int:
    return frame_at(done.found.times[at], done.film.facts.rate)
