"""Looks in the words of the REST surface."""

from __future__ import annotations

from dino_analytics.core.look.composition import Composition, Score
from dino_analytics.core.look.description import Description
from dino_analytics.core.look.subject import Subject
from dino_common.contracts.look import (
    LookBox,
    LookColor,
    LookColors,
    LookLabel,
    LookLight,
    LookScore,
    LookSubject,
    LookTone,
    VisualFields,
)


def fields_of(look: Description) -> VisualFields:
    """Return every field of a description."""
    light = look.light
    return VisualFields(
        palette=[LookColor(name=one.name, hex=one.hex, share=round(one.share, 4)) for one in look.palette],
        colors=LookColors(
            saturation=look.colours.saturation,
            chroma=look.colours.chroma,
            harmony=label(look.colours.harmony, look.colours.confidence, "no_colours"),
        ),
        lighting=LookLight(
            key=label(light.key, light.key_confidence, "too_dark"),
            contrast=label(light.contrast, light.contrast_confidence),
            temperature=label(light.temperature, light.temperature_confidence, "no_colour_of_light"),
            kelvin=light.kelvin,
            direction=label(light.direction, light.direction_confidence, "even_light"),
            brightness=round(light.brightness, 4),
            backlit=look.backlit,
        ),
        depth_of_field=label(look.depth.depth_of_field, look.depth.confidence, look.depth.reason),
        composition=scheme_of(look.composition),
        shot_scale=label(look.framing.shot_scale, look.framing.confidence, look.framing.reason),
        shot_scale_source=look.framing.source,
        camera_angle=label(look.angle.camera_angle, look.angle.confidence, look.angle.reason),
        pose=label(look.pose.pose, look.pose.confidence, look.pose.reason),
        mood=LookTone(
            value=look.tone.tone,
            confidence=look.tone.confidence,
            valence=round(look.tone.valence, 4),
            arousal=round(look.tone.arousal, 4),
        ),
        subject=subject_of(look.subject, look.composition),
        faces=look.faces,
    )


def label(value: str, confidence: float, reason: str | None = None) -> LookLabel:
    """A word; its reason is told only where it is unknown, and an unknown is never sure."""
    unknown = value == "unknown"
    return LookLabel(
        value=value, confidence=0.0 if unknown else round(confidence, 4), reason=reason if unknown else None
    )


def scheme_of(composition: Composition) -> LookLabel:
    """The scheme of a composition."""
    return label(composition.scheme, composition.scheme_confidence, "no_scheme_fits")


def score(value: Score) -> LookScore:
    """A score with why it is missing."""
    return LookScore(value=value.value, confidence=round(value.confidence, 4), reason=value.reason)


def subject_of(subject: Subject | None, composition: Composition) -> LookSubject | None:
    """The subject with its place."""
    if subject is None:
        return None
    return LookSubject(
        box=LookBox(left=subject.left, top=subject.top, right=subject.right, bottom=subject.bottom),
        x=round(subject.x, 4),
        y=round(subject.y, 4),
        area=round(subject.area, 4),
        position=composition.placement,
        confidence=subject.confidence,
    )
