"""Handler of match-style."""

from __future__ import annotations

import time

import cv2
import numpy as np

from dino_analytics.core.look.brief import Part, lab_of, overall, palette_part, word_part
from dino_analytics.core.look.style import Likeness, likeness, style
from dino_analytics.dense import Looked
from dino_analytics.draw.base import to_drawing
from dino_analytics.draw.style import Row, style_drawing
from dino_analytics.look.descriptions import Descriptions
from dino_analytics.look.eyes import Eyes
from dino_common.bus.context import Context
from dino_common.contracts.drawing import Drawing
from dino_common.contracts.look import LookLabel, VisualFields
from dino_common.contracts.style import (
    BriefMatch,
    BriefPart,
    MatchStyleRequest,
    MatchStyleResponse,
    ReferenceMatch,
    ReferenceMatches,
    StyleBrief,
)
from dino_common.errors import InvalidRequest
from dino_common.look import palette

_PARTS = ("palette", "light", "texture", "features")


class StyleHandlers:
    """Compares the look of a picture with words and with other pictures."""

    def __init__(self, eyes: Eyes, descriptions: Descriptions) -> None:
        """Use these."""
        self._eyes, self._descriptions = eyes, descriptions

    async def match(self, context: Context, request: MatchStyleRequest) -> MatchStyleResponse:
        """Answer ``POST /match-style``.

        Raises:
            InvalidRequest: a colour of the brief is none.
        """
        began = time.perf_counter()
        _check(request.brief)
        references = list(dict.fromkeys(request.reference_asset_ids))
        model, (looked, *others) = await self._eyes.look([request.asset_id, *references], context)
        brief: BriefMatch | None = None
        if request.brief is not None:
            fields, _, _ = await self._descriptions.of(looked, model.version, context)
            brief = _briefed(request.brief, fields)
        compared = await self._eyes.work(_compared, looked, others) if others else None
        score = _score(brief, compared)
        drawing = None
        if request.drawing:
            drawing = await self._eyes.work(_drawn, looked, others, request.brief, brief, compared, score)
        return MatchStyleResponse(
            asset_id=request.asset_id,
            score=score,
            matches=None if score is None else score >= request.threshold,
            threshold=request.threshold,
            brief=brief,
            references=compared,
            explanation=_explained(score, request.threshold, brief, compared),
            drawing=drawing,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )


def _check(brief: StyleBrief | None) -> None:
    for colour in brief.palette if brief is not None else ():
        try:
            lab_of(colour)
        except ValueError as error:
            raise InvalidRequest(
                str(error), details="Colours are named as in docs/look.md, or given as #rrggbb."
            ) from error


def _briefed(brief: StyleBrief, fields: VisualFields) -> BriefMatch:
    known: dict[str, LookLabel] = {
        "key": fields.lighting.key,
        "contrast": fields.lighting.contrast,
        "temperature": fields.lighting.temperature,
        "light_direction": fields.lighting.direction,
        "saturation": LookLabel(value=fields.colors.saturation, confidence=0.9),
        "harmony": fields.colors.harmony,
        "depth_of_field": fields.depth_of_field,
        "composition": fields.composition,
        "shot_scale": fields.shot_scale,
        "camera_angle": fields.camera_angle,
        "mood": LookLabel(value=fields.mood.value, confidence=fields.mood.confidence),
    }
    parts: list[Part] = []
    if brief.palette:
        parts.append(palette_part(brief.palette, [(one.hex, one.share) for one in fields.palette]))
    for name, label in known.items():
        wanted = getattr(brief, name)
        if wanted is not None:
            parts.append(word_part(name, wanted, label.value, label.confidence))
    score, coverage = overall(parts)
    return BriefMatch(
        score=score,
        coverage=coverage,
        parts=[
            BriefPart(name=p.name, wanted=p.wanted, found=p.found, score=p.score, confidence=p.confidence)
            for p in parts
        ],
    )


def _compared(looked: Looked, others: list[Looked]) -> ReferenceMatches:
    own = style(looked.picture, looked.patches)
    each: list[tuple[str, Likeness]] = [
        (other.record.asset_id, likeness(own, style(other.picture, other.patches))) for other in others
    ]
    means = {part: round(float(np.mean([getattr(one, part) for _, one in each])), 1) for part in (*_PARTS, "total")}
    return ReferenceMatches(
        score=means.pop("total"),
        **means,
        each=[
            ReferenceMatch(asset_id=asset_id, score=one.total, **{part: getattr(one, part) for part in _PARTS})
            for asset_id, one in each
        ],
    )


def _score(brief: BriefMatch | None, references: ReferenceMatches | None) -> float | None:
    """Mean of both; a brief of which little could be judged counts less."""
    scores = [(brief.score, max(brief.coverage, 0.2))] if brief is not None and brief.score is not None else []
    if references is not None:
        scores.append((references.score, 1.0))
    if not scores:
        return None
    return round(sum(score * weight for score, weight in scores) / sum(weight for _, weight in scores), 1)


def _explained(
    score: float | None, threshold: float, brief: BriefMatch | None, references: ReferenceMatches | None
) -> str:
    if score is None:
        return "Nothing of the brief could be judged on this picture."
    said = [
        f"The look {'matches' if score >= threshold else 'does not match'}: {score} of 100, threshold {threshold:g}"
    ]
    if brief is not None:
        missed = [f"{p.name.replace('_', ' ')} is {p.found}, not {p.wanted}" for p in brief.parts if p.score == 0.0]
        blind = [p.name.replace("_", " ") for p in brief.parts if p.score is None]
        said += [f"Missed: {'; '.join(missed)}"] if missed else []
        said += [f"Not judged: {', '.join(blind)}"] if blind else []
    if references is not None:
        parts = {part: getattr(references, part) for part in _PARTS}
        weakest = min(parts, key=lambda part: parts[part])
        said.append(f"Against the references {weakest} is least alike ({parts[weakest]:g})")
    return ". ".join(said) + "."


def _drawn(
    looked: Looked,
    others: list[Looked],
    brief: StyleBrief | None,
    judged: BriefMatch | None,
    references: ReferenceMatches | None,
    score: float | None,
) -> Drawing:
    rows: list[Row] = [("the picture", looked.picture, _colours(looked.picture))]
    if brief is not None and brief.palette:
        rows.append(("wanted", None, [(_rgb(colour), colour, 1 / len(brief.palette)) for colour in brief.palette]))
    rows += [(f"reference {n}", one.picture, _colours(one.picture)) for n, one in enumerate(others[:3], start=1)]
    scores: list[tuple[str, float | None, str]] = []
    if judged is not None:
        scores += [
            (p.name, p.score, "" if p.name == "palette" else f"wanted {p.wanted}, found {p.found}".replace("_", " "))
            for p in judged.parts
        ]
    if references is not None:
        scores += [(f"{part} alike", getattr(references, part), "mean over the references") for part in _PARTS]
    return to_drawing(style_drawing(rows, scores, f"Style: {'unknown' if score is None else f'{score:g} of 100'}"))


def _colours(picture: np.ndarray) -> list[tuple[tuple[int, int, int], str, float]]:
    return [(one.rgb, one.name, one.share) for one in palette(picture, 6)]


def _rgb(colour: str) -> tuple[int, int, int]:
    pixel = np.asarray(cv2.cvtColor(lab_of(colour).astype(np.float32).reshape(1, 1, 3), cv2.COLOR_LAB2RGB)).ravel()
    red, green, blue = (int(value) for value in np.rint(np.clip(pixel, 0, 1) * 255))
    return red, green, blue
