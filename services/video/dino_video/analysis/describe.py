"""A shot's labels in the words of the REST surface, each with its confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.contracts.shots import Angle, Keyframe, Lighting, PaletteColor, Scale, Shot, ShotLabels, Transition
from dino_common.look import camera_angle, emotional_tone, lighting, palette, shot_scale
from dino_common.look.people import People
from dino_common.look.scale import Scale as LookScale
from dino_video.analysis.motion import ShotMotion
from dino_video.analysis.stills import smaller
from dino_video.analysis.timeline import Timeline
from dino_video.core.look import shot_quality
from dino_video.core.media.facts import VideoFacts
from dino_video.core.timecode import frame_at, timecode

_LOOK_SIDE = 512
_SCALES: dict[str, Scale] = {
    "extreme_wide": "extreme_wide_shot",
    "wide": "wide_shot",
    "medium_wide": "medium_wide_shot",
    "medium": "medium_shot",
    "medium_close_up": "medium_close_up",
    "close_up": "close_up",
    "extreme_close_up": "extreme_close_up",
    "unknown": "unknown",
}
_TRANSITIONS: dict[str, Transition] = {name: name for name in ("cut", "dissolve", "fade", "wipe", "gradual")}  # type: ignore[misc]


@dataclass(frozen=True)
class Pace:
    """How fast a film is cut: shots a minute."""

    shots_per_minute: float


def describe(
    number: int,
    motion: ShotMotion,
    stills: Sequence[NDArray[np.uint8]],
    timeline: Timeline,
    facts: VideoFacts,
    pace: Pace,
    people: Sequence[People] | None = None,
) -> Shot:
    """Return a shot's labels; keyframes carry no assets yet.

    Args:
        number: of the shot, from 1.
        motion: its movement and keyframes.
        stills: the keyframes' pictures, uint8 (h, w, 3) RGB, in order.
        timeline, facts: of the film.
        pace: of the film.
        people: of each still, None where no detector looked.
    """
    span, movement = motion.span, motion.movement
    looks = smaller(stills, _LOOK_SIDE)
    size = looks[0].shape[1], looks[0].shape[0]
    # One size, as the functions that take a stack want it.
    stack = np.stack([cv2.resize(p, size) if p.shape != looks[0].shape else p for p in looks]).astype(np.uint8)
    greys = [np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8) for p in looks]
    light, angle = lighting(stack), camera_angle(greys)
    scale = _scale(greys, people)
    tone = emotional_tone(stack, motion=motion.activity, shots_per_minute=pace.shots_per_minute)
    quality = shot_quality(looks, shake=movement.shake)
    named, seen = _SCALES[scale.shot_scale], _angle(angle.camera_angle)
    rate, end = facts.rate, timeline.end_time if span.end >= len(timeline.times) else timeline.times[span.end]
    return Shot(
        shot_id=number,
        start_time=_seconds(span.start_time),
        end_time=_seconds(end),
        duration=_seconds(end - span.start_time),
        start_timecode=timecode(frame_at(span.start_time, rate), rate),
        end_timecode=timecode(frame_at(end, rate), rate),
        start_frame=span.first,
        end_frame=span.end,
        transition_in="start" if span.into is None else _TRANSITIONS[span.into.kind],
        transition_score=None if span.into is None else min(1.0, max(0.0, span.into.score)),
        movement_type=movement.movement_type,
        movement_direction=movement.direction,
        movement_strength=round(movement.strength, 4),
        camera_angle=named if named != "unknown" else seen,
        shot_scale=named,
        shot_scale_source=scale.source,
        faces=None if people is None else max(len(one.faces) for one in people),
        angle=seen,
        emotional_tone=tone.tone,
        confidence=ShotLabels(
            movement_type=round(movement.confidence, 4),
            shot_scale=round(scale.confidence, 4),
            angle=round(angle.confidence, 4),
            emotional_tone=round(tone.confidence, 4),
        ),
        technical_quality=round(quality.score / 100, 4),
        palette=[PaletteColor(name=c.name, hex=c.hex, share=round(min(1.0, c.share), 4)) for c in palette(stack)],
        lighting=Lighting(
            key=light.key,
            contrast=light.contrast,
            temperature=light.temperature,
            kelvin=light.kelvin,
            direction=light.direction,
            confidence=round(light.key_confidence, 4),
        ),
        keyframes=[
            Keyframe(
                time=_seconds(timeline.times[frame.index]),
                timecode=timecode(frame_at(timeline.times[frame.index], rate), rate),
                frame=frame.index,
                sharpness=round(min(1.0, frame.sharpness), 4),
                centrality=round(min(1.0, frame.centrality), 4),
            )
            for frame in motion.keyframes
        ],
        flags=timeline.flags(span),
    )


def _scale(greys: Sequence[NDArray[np.uint8]], people: Sequence[People] | None) -> LookScale:
    """The surest of the keyframes' scales; one by people goes before what the picture's texture suggests."""
    if people is None:
        found = [shot_scale(grey) for grey in greys]
    else:
        found = [shot_scale(grey, one.faces, one.bodies) for grey, one in zip(greys, people, strict=True)]
    return max(found, key=lambda one: (one.source in ("faces", "bodies"), one.confidence))


def _angle(name: str) -> Angle:
    return "dutch_angle" if name == "dutch" else name  # type: ignore[return-value]


def _seconds(value: object) -> float:
    return round(float(value), 6)  # type: ignore[arg-type]
