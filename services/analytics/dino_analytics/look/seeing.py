"""Handlers of describe-visuals and analyze-composition."""

from __future__ import annotations

import time

from dino_analytics.core.look.composition import Composition, compose
from dino_analytics.core.look.subject import Subject, find_subject
from dino_analytics.core.look.summary import summary
from dino_analytics.dense import Looked
from dino_analytics.draw.base import to_drawing
from dino_analytics.draw.composition import composition_drawing
from dino_analytics.draw.description import description_drawing
from dino_analytics.look.descriptions import Descriptions
from dino_analytics.look.eyes import Eyes
from dino_analytics.look.forms import scheme_of, score, subject_of
from dino_common.bus.context import Context
from dino_common.contracts.drawing import Drawing
from dino_common.contracts.look import (
    AnalyzeCompositionRequest,
    AnalyzeCompositionResponse,
    DescribeVisualsRequest,
    DescribeVisualsResponse,
    LookPoint,
)
from dino_common.look.people import People


class SeeingHandlers:
    """Says what one picture looks like."""

    def __init__(self, eyes: Eyes, descriptions: Descriptions) -> None:
        """Use these."""
        self._eyes, self._descriptions = eyes, descriptions

    async def describe(self, context: Context, request: DescribeVisualsRequest) -> DescribeVisualsResponse:
        """Answer ``POST /describe-visuals``."""
        began = time.perf_counter()
        model, (looked,) = await self._eyes.look([request.asset_id], context)
        fields, text, cached = await self._descriptions.of(looked, model.version, context)
        fields = fields.model_copy(update={"palette": fields.palette[: request.palette_size]})
        drawing = None
        if request.drawing:
            drawing = await self._eyes.work(lambda: to_drawing(description_drawing(looked.picture, fields)))
        return DescribeVisualsResponse(
            **{name: getattr(fields, name) for name in type(fields).model_fields},
            asset_id=request.asset_id,
            text=text,
            drawing=drawing,
            cached=cached,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def compose(self, context: Context, request: AnalyzeCompositionRequest) -> AnalyzeCompositionResponse:
        """Answer ``POST /analyze-composition``."""
        began = time.perf_counter()
        model, (looked,) = await self._eyes.look([request.asset_id], context)
        people = await self._eyes.people(looked.picture, context)
        facts, subject, drawing = await self._eyes.work(_composed, looked, people, request.drawing)
        meets = facts.convergence
        return AnalyzeCompositionResponse(
            asset_id=request.asset_id,
            scheme=scheme_of(facts),
            rule_of_thirds=score(facts.thirds),
            symmetry=score(facts.symmetry),
            symmetry_axis=facts.symmetry_axis,
            leading_lines=score(facts.leading),
            convergence=None if meets is None else LookPoint(x=meets.x, y=meets.y),
            balance=score(facts.balance),
            balance_point=LookPoint(x=facts.balance_point[0], y=facts.balance_point[1]),
            headroom=score(facts.headroom),
            head_space=facts.head_space,
            simplicity=score(facts.simplicity),
            subject=subject_of(subject, facts),
            summary=summary(facts, subject),
            drawing=drawing,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )


def _composed(looked: Looked, people: People | None, draw: bool) -> tuple[Composition, Subject | None, Drawing | None]:
    subject = find_subject(looked.patches)
    facts = compose(looked.picture, subject, None if people is None else people.faces)
    drawing = to_drawing(composition_drawing(looked.picture, facts, subject)) if draw else None
    return facts, subject, drawing
