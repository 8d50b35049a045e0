"""Handler of find-correspondences."""

from __future__ import annotations

import time

import numpy as np

from dino_analytics.core.look.coherence import Coherence, coherence
from dino_analytics.core.look.matching import Matches, mutual, tightened
from dino_analytics.dense import Looked
from dino_analytics.draw.base import to_drawing
from dino_analytics.draw.correspondences import correspondences_drawing
from dino_analytics.look.eyes import Eyes
from dino_common.bus.context import Context
from dino_common.contracts.correspondences import (
    Correspondence,
    FindCorrespondencesRequest,
    FindCorrespondencesResponse,
)
from dino_common.contracts.drawing import Drawing


class CorrespondenceHandlers:
    """Matches two pictures."""

    def __init__(self, eyes: Eyes) -> None:
        """Use these."""
        self._eyes = eyes

    async def find(self, context: Context, request: FindCorrespondencesRequest) -> FindCorrespondencesResponse:
        """Answer ``POST /find-correspondences``."""
        began = time.perf_counter()
        model, (first, second) = await self._eyes.look([request.asset_id_1, request.asset_id_2], context)
        matches, refined, judged, drawing = await self._eyes.work(_matched, first, second, request)
        listed = range(min(request.max_matches, len(matches.cosine)))
        return FindCorrespondencesResponse(
            asset_id_1=request.asset_id_1,
            asset_id_2=request.asset_id_2,
            same_thing=judged.same,
            probability=judged.probability,
            confidence=judged.confidence,
            explanation=explained(matches, judged),
            total_matches=len(matches.cosine),
            inlier_share=judged.fit,
            neighbour_agreement=judged.agreement,
            median_cosine=round(_median(matches), 4),
            geometry=judged.model,
            transform=None if judged.matrix is None else judged.matrix.tolist(),
            matches=[_listed(matches, refined, judged, index) for index in listed],
            drawing=drawing,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )


def explained(matches: Matches, judged: Coherence) -> str:
    """Say in one sentence what the verdict rests on."""
    facts = (
        f"{len(matches.cosine)} mutual matches, {100 * judged.fit:.0f} % of them in one geometry ({judged.model}), "
        f"{100 * judged.agreement:.0f} % of neighbours stay neighbours"
    )
    if judged.same is None:
        return f"Cannot be told: {facts}."
    verdict = "Both pictures show one thing" if judged.same else "The pictures show different things"
    return f"{verdict} (probability {judged.probability:.2f}): {facts}."


def _matched(
    first: Looked, second: Looked, request: FindCorrespondencesRequest
) -> tuple[Matches, np.ndarray, Coherence, Drawing | None]:
    matches = mutual(first.patches, second.patches, least=request.min_cosine)
    grids = (_grid(first), _grid(second))
    # The verdict rests on the patches: pixels that agree must not make it surer where they can be compared at all.
    judged = coherence(matches, grids)
    refined = np.zeros(len(matches.cosine), dtype=bool)
    if request.refine:
        matches, refined = tightened(matches, first.picture, second.picture, grids[1])
    drawing = None
    if request.drawing:
        same = {True: "One thing", False: "Different things", None: "Unknown whether one thing"}[judged.same]
        title = f"{same} (probability {judged.probability:.2f})"
        drawing = to_drawing(correspondences_drawing(first.picture, second.picture, matches, judged, title))
    return matches, refined, judged, drawing


def _grid(looked: Looked) -> tuple[int, int]:
    return int(looked.patches.shape[0]), int(looked.patches.shape[1])


def _median(matches: Matches) -> float:
    return float(np.clip(np.median(matches.cosine), -1.0, 1.0)) if len(matches.cosine) else 0.0


def _listed(matches: Matches, refined: np.ndarray, judged: Coherence, index: int) -> Correspondence:
    return Correspondence(
        x1=round(float(matches.first[index, 0]), 5),
        y1=round(float(matches.first[index, 1]), 5),
        x2=round(float(matches.second[index, 0]), 5),
        y2=round(float(matches.second[index, 1]), 5),
        cosine=round(float(np.clip(matches.cosine[index], -1.0, 1.0)), 4),
        fits=bool(judged.inliers[index]),
        refined=bool(refined[index]),
    )
