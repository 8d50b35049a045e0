"""Search by words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from .assets import Kind
from .base import AssetId, Cosine, Percent, Request, Response, Seconds, Unit
from .codes import ErrorCode
from .hit import Hit
from .operation import Operation, Service
from .search_filters import SearchFilters

SourceName = Literal["text", "words", "image_text"]


class SemanticSearchRequest(Request):
    """Find assets by what a text says, over the whole library or among some."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query_text": "red sports car in urban setting",
                    "limit": 10,
                    "filters": {"kind": "image", "metadata": {"price": {"gte": 10, "lt": 20}}},
                }
            ]
        }
    )

    query_text: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
    asset_ids: list[AssetId] | None = Field(
        default=None, min_length=1, max_length=1000, description="Rank these alone; left out: the whole library."
    )
    limit: int = Field(default=10, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=256, description="next_cursor of the page before.")
    min_score: Unit = Field(default=0.0, description="Leave out hits below this score (0–1).")
    filters: SearchFilters = Field(default_factory=SearchFilters)


class LooksLike(Response):
    """A class that the picture looks like."""

    name: str
    probability: Unit


class SearchReason(Response):
    """What one source says of a hit."""

    source: SourceName = Field(
        description="text: meaning of what is known in words. words: the query's own words found there. image_text: "
        "the picture itself, in a space that it shares with text."
    )
    relevance: Unit = Field(description="0.5 where unrelated pairs hardly come; the score joins the relevances.")
    cosine_similarity: Cosine | None = Field(default=None, description="Of query and asset in the source's space.")
    matched: dict[str, list[str]] = Field(
        default_factory=dict, description="Words of the query that were found, by field: tags, filename, metadata, ..."
    )
    looks_like: list[LooksLike] = Field(
        default_factory=list, description="Classes that the picture was placed by, where the model has classes."
    )
    explanation: str = Field(description="One sentence.")


class SemanticHit(Hit):
    """An asset and why it was found."""

    kind: Kind
    score: Unit = Field(description="1 - product of (1 - relevance) over the sources.")
    similarity_score: Percent = Field(description="100 x score.")
    why: list[SearchReason] = Field(description="The strongest reason first.")


class SearchSource(Response):
    """Part that a source had in a search."""

    source: SourceName
    state: Literal["used", "off", "waiting"] = Field(description="waiting: it could not be asked now; see detail.")
    model_version: str | None = Field(default=None, description="Whose vectors.")
    indexed: int | None = Field(default=None, ge=0, description="Assets that the source knows.")
    complete: bool | None = Field(default=None, description="Whether the source knows the whole library.")
    detail: str | None = None


class SemanticSearchResponse(Response):
    """Hits from best to worst; ``items`` and ``results`` are the same list."""

    query_text: str
    items: list[SemanticHit]
    results: list[SemanticHit]
    next_cursor: str | None
    sources: list[SearchSource]
    processing_time: Seconds


OPERATIONS = (
    Operation(
        name="semantic-search",
        service=Service.ANALYTICS,
        method="POST",
        path="/semantic-search",
        request=SemanticSearchRequest,
        response=SemanticSearchResponse,
        tag="search",
        summary="Assets by what a text says",
        timeout_s=60,
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.MODEL_NOT_LOADED),
    ),
)
