"""The space that pictures and texts share: what analytics asks of inference. Of the bus alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import AssetId, ErrorDetail, Matrix, Request, Response
from .codes import ErrorCode
from .operation import Operation, Service


class EmbedImageTextRequest(Request):
    """Texts to embed and assets to make sure of; with neither, a question about the space itself."""

    texts: list[Annotated[str, StringConstraints(max_length=10_000)]] = Field(default_factory=list, max_length=64)
    asset_ids: list[AssetId] = Field(
        default_factory=list, max_length=128, description="Their vectors are stored when the answer comes."
    )


class ImageTextSpace(Response):
    """Which model makes the space, and how its cosines are read."""

    model_version: str = Field(description="Vectors of two versions are never compared.")
    dimension: int = Field(ge=1)
    midpoint: float = Field(description="A cosine that unrelated pairs hardly reach.")
    width: float = Field(gt=0, description="The cosine by which the odds then grow e-fold.")


class ImageTextFailure(Response):
    """An asset that has no vector."""

    asset_id: AssetId
    error: ErrorDetail


class EmbedImageTextResponse(Response):
    """The space, or none where it is switched off."""

    space: ImageTextSpace | None
    vectors: Matrix = Field(default=None, description="float32 (texts, dimension), each row of length 1.")
    failures: list[ImageTextFailure] = Field(default_factory=list)


OPERATIONS = (
    Operation(
        name="embed-image-text",
        service=Service.INFERENCE,
        request=EmbedImageTextRequest,
        response=EmbedImageTextResponse,
        timeout_s=60,
        errors=(ErrorCode.MODEL_NOT_LOADED,),
    ),
)
