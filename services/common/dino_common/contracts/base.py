"""Field types and base models that the contracts share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)


class Request(BaseModel):
    """Base of requests: unknown fields are refused, so that a typing mistake is never silently ignored."""

    model_config = ConfigDict(extra="forbid", str_max_length=10_000, protected_namespaces=(), allow_inf_nan=False)


class Response(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


def iso(value: datetime) -> str:
    """Return a moment as every answer writes it: UTC, milliseconds, ending in Z."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "ISO 8601, UTC, ending in Z."}),
]

AssetId = Annotated[
    str,
    BeforeValidator(lambda v: str(UUID(v)) if isinstance(v, str) else v),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]

# On the bus a vector is one little-endian buffer; it becomes a JSON list only at the gateway's edge.
Vector = Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "number"}})]
Matrix = Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "array", "items": {"type": "number"}}})]

Tag = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
# Whole numbers as MongoDB and most clients keep them; larger ones are taken as floats.
_Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
MetadataValue = str | float | _Integer | bool | None
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_\-]{0,63}$")], MetadataValue],
    Field(max_length=50),
]

Percent = Annotated[float, Field(ge=0, le=100)]
Unit = Annotated[float, Field(ge=0, le=1)]
Cosine = Annotated[float, Field(ge=-1, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class ErrorDetail(Response):
    """What went wrong."""

    code: str = Field(description="Machine-readable reason.")
    message: str = Field(description="One sentence for people.")
    details: str = Field(description="What to do about it.")
    timestamp: Timestamp
    request_id: str = Field(description="The same as in the X-Request-ID header.")


class ErrorBody(Response):
    """Envelope of every error answer."""

    error: ErrorDetail
