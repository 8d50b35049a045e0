"""What explains the difference of two pictures: patches, light, framing, and what remains for identity."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Cosine, Percent, Response, Unit


class PatchAgreement(Response):
    """How far two pictures agree patch by patch."""

    mutual_share: Unit = Field(description="Of all patches, those that are each other's nearest in the other picture.")
    mutual_cosine: Cosine = Field(description="Mean cosine of these pairs; 0 when there is none.")
    score: Unit = Field(
        description="How well the patches of each are found in the other: 0 as any two patches of the pair, 1 the same."
    )


class LightFacts(Response):
    """How a picture is lit, by estimates from its pixels."""

    key: str
    contrast: str
    temperature: str
    kelvin: float | None
    direction: str = Field(description="The brighter side.")
    brightness: Unit


class LightingDifference(Response):
    """Light of both pictures."""

    reference: LightFacts
    test: LightFacts
    stops: float = Field(description="Exposure of the test against the reference; 1 is twice the light.")


Box = Annotated[list[Unit], Field(min_length=4, max_length=4, description="Left, top, right, bottom; 0–1.")]


class FramingDifference(Response):
    """How the test picture is framed against the reference, as most matching patches agree."""

    zoom: float = Field(gt=0, description="Above 1 the test is closer.")
    shift_x: float = Field(description="To the right, in widths of the test picture.")
    shift_y: float = Field(description="Downwards, in heights of the test picture.")
    same: bool
    agreeing_share: Unit = Field(description="Of the matching patches.")
    reference_box: Box
    test_box: Box


class ConsistencyDepth(Response):
    """A difference taken apart: light, framing, and what remains for identity."""

    same_identity: bool = Field(description="Whether identity_score reaches identity_threshold.")
    identity_score: Percent = Field(description="100 × cosine with light and framing taken out.")
    identity_threshold: Percent = Field(
        description="The threshold in force plus what taking light out adds to the score of different things."
    )
    confidence: Unit
    lighting_share: Unit = Field(description="Of the difference between the features as they are, and 1.")
    framing_share: Unit
    identity_share: Unit = Field(description="The rest: identity, pose, expression, background.")
    relit_score: Percent = Field(description="With light alone taken out.")
    reframed_score: Percent | None = Field(
        description="Of the part that both show, with its light; null while the framing is alike or not known."
    )
    lighting: LightingDifference
    framing: FramingDifference | None = Field(description="Null where matching patches agree on none.")
    patch_agreement: PatchAgreement
    explanation: str
