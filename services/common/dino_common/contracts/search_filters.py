"""Conditions on what a search may find."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from .assets import Kind
from .base import AssetId, Request, Tag, Timestamp

Scalar = str | float | int | bool
Scalars = Annotated[list[Scalar], Field(min_length=1, max_length=100)]


class MetadataCondition(Request):
    """What one metadata entry must be; all given parts must hold. Values are compared by type: "1" is not 1."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    equals: Scalar | None = None
    any_of: Scalars | None = Field(default=None, description="One of these.")
    none_of: Scalars | None = Field(default=None, description="None of these; an asset without the key passes.")
    gt: float | None = Field(default=None, description="Numbers above this.")
    gte: float | None = Field(default=None, description="Numbers from this on.")
    lt: float | None = Field(default=None, description="Numbers below this.")
    lte: float | None = Field(default=None, description="Numbers up to this.")
    exists: bool | None = Field(default=None, description="Whether the asset has an entry of this key.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("an empty condition")
        return self


class SearchFilters(Request):
    """Conditions that every hit must meet; each one left out is not applied."""

    kind: Kind | None = None
    content_type: str | None = Field(default=None, max_length=100)
    tags_any: list[Tag] | None = Field(default=None, min_length=1, max_length=50)
    tags_all: list[Tag] | None = Field(default=None, min_length=1, max_length=50)
    metadata: dict[str, Scalar | MetadataCondition] | None = Field(
        default=None, max_length=50, description="Keys that must equal the values, or meet the conditions."
    )
    uploaded_after: Timestamp | None = None
    uploaded_before: Timestamp | None = None
    asset_ids: list[AssetId] | None = Field(default=None, min_length=1, max_length=1000)
    exclude_ids: list[AssetId] | None = Field(default=None, min_length=1, max_length=1000)
