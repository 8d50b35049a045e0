"""Duplicates: which pictures are copies of one another, and which copy to keep."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Cosine, Percent, Response, Unit
from .set_scope import SetRequest, SetResponse, set_operation

Relation = Literal["best", "exact", "same_frame", "recoloured", "cropped", "mirrored"]


class FindDuplicatesRequest(SetRequest):
    """Find copies among the pictures."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"asset_ids": [EXAMPLE_ID, EXAMPLE_ID_2], "include_near": True}]}
    )

    include_near: bool = Field(default=True, description="False: only files that are equal byte for byte.")
    min_cosine: Cosine = Field(
        default=0.6,
        description="Pairs whose features are less alike are not compared by their pixels. Lower finds more heavily "
        "changed copies and decodes more pictures.",
    )
    min_match: Unit = Field(
        default=0.93, description="How well the pixels of two copies must fit: correlation of their grey values."
    )


class Copy(Response):
    """A picture of a group."""

    asset_id: AssetId
    filename: str
    width: int | None = Field(description="Pixels.")
    height: int | None = Field(description="Pixels.")
    file_size: int = Field(ge=0, description="Bytes.")
    quality_score: Percent | None = Field(description="As analyze-quality; null where it was not needed.")
    relation: Relation = Field(description="To the best copy, or to the copy that it was found by.")
    cosine: Cosine | None = Field(description="Of the features, to the same copy.")
    match: Unit | None = Field(description="Correlation of the pixels where the two overlap, to the same copy.")


class DuplicateGroup(Response):
    """Copies of one picture, the best first."""

    best_asset_id: AssetId = Field(description="The copy to keep.")
    reason: str = Field(description="Why this one.")
    size: int = Field(ge=2)
    copies: list[Copy] = Field(description="At most 100.")
    redundant_bytes: int = Field(ge=0, description="Of the files that are stored beside the best copy's, each once.")


class FindDuplicatesResponse(SetResponse):
    """Groups of copies, the largest first."""

    items: list[DuplicateGroup]
    groups: int = Field(ge=0)
    duplicates: int = Field(ge=0, description="Pictures that are a copy beside the best one of their group.")
    exact_pairs_by_hash: int = Field(ge=0, description="Pictures whose bytes another one has, too.")
    pairs_compared: int = Field(ge=0, description="Pairs whose pixels were compared.")
    redundant_bytes: int = Field(ge=0)
    unreadable: int = Field(ge=0, description="Pictures that could not be decoded for comparison.")


OPERATIONS = (
    set_operation(
        "find-duplicates",
        FindDuplicatesRequest,
        FindDuplicatesResponse,
        summary="Copies of one picture, and which to keep",
        description="Equal files by their hash; re-encoded, resized, recoloured, cropped and mirrored copies by "
        "features, then by their pixels, so that pictures merely alike are no copies. Films are not looked at.",
    ),
)
