"""Showing what matches and what differs between two pictures."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from .base import AssetId, Cosine, Percent, Response, Seconds, Unit
from .consistency_depth import Box, PatchAgreement
from .drawing import Drawing
from .judgement import JUDGEMENT_ERRORS, PAIR_SCHEMA, AssetPair
from .operation import Operation, Service


class ExplainSimilarityRequest(AssetPair):
    """Two assets whose likeness is to be shown."""

    model_config = ConfigDict(json_schema_extra=PAIR_SCHEMA)


class RegionMatch(Response):
    """A ninth of a picture and how well it is found in the other."""

    region: str
    box: Box
    match: Unit


class ExplainSimilarityResponse(Response):
    """What matches and what differs."""

    asset_id_1: AssetId
    asset_id_2: AssetId
    similarity_score: Percent
    cosine_similarity: Cosine
    patch_agreement: PatchAgreement
    regions_1: list[RegionMatch] = Field(description="Of the first picture, from what differs most.")
    regions_2: list[RegionMatch] = Field(description="Of the second picture, from what differs most.")
    explanation: str
    drawing: Drawing = Field(description="Both pictures side by side: blue matches, red differs.")
    model: str
    model_version: str
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="explain-similarity",
        service=Service.ANALYTICS,
        method="POST",
        path="/explain-similarity",
        request=ExplainSimilarityRequest,
        response=ExplainSimilarityResponse,
        tag="judgement",
        summary="Show what matches and what differs between two pictures",
        description="A heat map over both pictures side by side, with numbers for each ninth of them. `Accept: "
        "image/png` brings the drawing alone.",
        timeout_s=60,
        errors=JUDGEMENT_ERRORS,
        drawing="drawing",
    ),
)
