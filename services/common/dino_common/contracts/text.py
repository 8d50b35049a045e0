"""Sentences as vectors: what the services ask of the text model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import Matrix, Request, Response
from .codes import ErrorCode
from .operation import Operation, Service


class EmbedTextRequest(Request):
    """Texts to embed; what is longer than 256 tokens is cut."""

    texts: list[Annotated[str, StringConstraints(max_length=10_000)]] = Field(min_length=1, max_length=512)


class EmbedTextResponse(Response):
    """Vectors in the order asked."""

    model_version: str = Field(description="Vectors of two text models are never compared.")
    dimension: int = Field(ge=1)
    vectors: Matrix = Field(description="float32 (texts, dimension), each row of length 1.")


OPERATIONS = (
    Operation(
        name="embed-text",
        service=Service.INFERENCE,
        request=EmbedTextRequest,
        response=EmbedTextResponse,
        timeout_s=60,
        errors=(ErrorCode.MODEL_NOT_LOADED,),
    ),
)
