"""Handler of assess-plausibility."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np

from dino_analytics.core.look.plausible import Plausibility, Region, plausibility
from dino_analytics.dense import Looked
from dino_analytics.draw.base import to_drawing
from dino_analytics.draw.plausibility import plausibility_drawing
from dino_analytics.look.eyes import Eyes
from dino_common.bus.context import Context
from dino_common.contracts.drawing import Drawing
from dino_common.contracts.look import LookBox
from dino_common.contracts.plausibility import (
    AssessPlausibilityRequest,
    AssessPlausibilityResponse,
    UnlikeRegion,
)
from dino_common.errors import InvalidRequest
from dino_common.look import Face
from dino_common.look.people import People

Name = Literal["face", "hand"]


class PlausibilityHandlers:
    """Compares a picture's patches with those of references."""

    def __init__(self, eyes: Eyes) -> None:
        """Use these."""
        self._eyes = eyes

    async def assess(self, context: Context, request: AssessPlausibilityRequest) -> AssessPlausibilityResponse:
        """Answer ``POST /assess-plausibility``.

        Raises:
            InvalidRequest: the picture is among its own references.
        """
        began = time.perf_counter()
        references = list(dict.fromkeys(request.reference_asset_ids))
        if request.asset_id in references:
            raise InvalidRequest(
                "The picture is among its own references", details="It would be plausible beside itself; leave it out."
            )
        model, (looked, *others) = await self._eyes.look([request.asset_id, *references], context)
        # The same bytes under another id count once, and no more than the picture itself.
        kept = list({one.record.sha256: one for one in others if one.record.sha256 != looked.record.sha256}.values())
        if not kept:
            raise InvalidRequest("Every reference is a copy of the picture", details="Give other pictures.")
        people = await self._eyes.people(looked.picture, context, hands=True)
        judged, contains, drawing = await self._eyes.work(_judged, looked, kept, people, request.drawing)
        return AssessPlausibilityResponse(
            asset_id=request.asset_id,
            verdict=judged.verdict,
            plausibility_score=judged.score,
            confidence=judged.confidence,
            explanation=_explained(judged, contains, len(kept)),
            image_distance=round(judged.image_distance, 4),
            usual_distance=None if judged.usual is None else round(judged.usual[0], 4),
            largest_usual_distance=None if judged.usual is None else round(judged.usual[1], 4),
            overall_shift=round(judged.shift, 4),
            patch_bound=round(judged.bound, 4),
            regions=[
                UnlikeRegion(
                    box=LookBox(left=one.left, top=one.top, right=one.right, bottom=one.bottom),
                    strength=one.strength,
                    patches=one.patches,
                    contains=names,
                )
                for one, names in zip(judged.regions, contains, strict=True)
            ],
            detector=None if people is None else await self._eyes.detector(context),
            heat_map=np.round(judged.heat.astype(np.float64), 3).tolist(),
            drawing=drawing,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )


def _judged(
    looked: Looked, others: list[Looked], people: People | None, draw: bool
) -> tuple[Plausibility, list[list[Name]], Drawing | None]:
    judged = plausibility(looked.patches, [other.patches for other in others])
    seen = people or People([])
    contains = [_names(region, {"face": seen.faces, "hand": seen.hands or []}) for region in judged.regions]
    drawing = None
    if draw:
        known = "verdict unknown: too few references" if judged.score is None else judged.verdict
        score = "" if judged.score is None else f" ({judged.score:g} of 100)"
        drawing = to_drawing(plausibility_drawing(looked.picture, judged, contains, f"Plausibility: {known}{score}"))
    return judged, contains, drawing


def _names(region: Region, seen: dict[Name, list[Face]]) -> list[Name]:
    def meets(one: Face) -> bool:
        across = min(region.right, one.right) > max(region.left, one.left)
        return across and min(region.bottom, one.bottom) > max(region.top, one.top)

    return sorted(name for name, boxes in seen.items() if any(meets(one) for one in boxes))


def _explained(judged: Plausibility, contains: list[list[Name]], references: int) -> str:
    regions = f"{len(judged.regions)} region{'s' if len(judged.regions) != 1 else ''} unlike every reference"
    named = sorted({name for names in contains for name in names})
    where = f", with {' and '.join(named)}" if named else ""
    if judged.usual is None:
        return f"{references} references do not tell how much such pictures differ; {regions}{where} by a fixed bound."
    usual = f"{judged.usual[0]:.2f} on average and {judged.usual[1]:.2f} at most among the references"
    return f"{judged.verdict.capitalize()}: distance {judged.image_distance:.2f}, against {usual}; {regions}{where}."
