"""Search by a picture that is no asset: it is looked at and forgotten."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from .base import Cosine, Request, Response, Vector
from .codes import ErrorCode
from .operation import Body, Operation, RateClass, Service
from .search import FindSimilarResponse
from .search_filters import SearchFilters


class SearchByImageRequest(Request):
    """Fields of the multipart form beside ``file``; ``filters`` is a JSON object."""

    limit: int = Field(default=10, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=256)
    min_similarity: Cosine | None = Field(default=None, description="Leave out hits below this cosine.")
    filters: SearchFilters = Field(default_factory=SearchFilters)


class EmbedPictureRequest(Request):
    """A picture's file: the bytes, or where they lie in the object store for a moment."""

    model_config = ConfigDict(str_max_length=1024)

    data: bytes | None = Field(default=None, min_length=1)
    object_key: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.data is None) == (self.object_key is None):
            raise ValueError("give data or object_key")
        return self


class EmbedPictureResponse(Response):
    """Its features, exactly as an asset with these bytes would have them."""

    model_version: str
    vector: Vector = Field(description="float32, L2-normalised.")


_PICTURE_ERRORS = (
    ErrorCode.INVALID_FILE_FORMAT,
    ErrorCode.FILE_TOO_LARGE,
    ErrorCode.MODEL_NOT_LOADED,
    ErrorCode.GPU_MEMORY_ERROR,
)
OPERATIONS = (
    Operation(
        name="search-by-image",
        service=Service.GATEWAY,
        method="POST",
        path="/search-by-image",
        request=SearchByImageRequest,
        response=FindSimilarResponse,
        tag="search",
        summary="Nearest pictures of the library to one that is not stored",
        rate=RateClass.UPLOAD,
        timeout_s=60,
        takes=Body.MULTIPART,
        errors=(*_PICTURE_ERRORS, ErrorCode.CONFLICT),
    ),
    Operation(
        name="embed-picture",
        service=Service.INFERENCE,
        request=EmbedPictureRequest,
        response=EmbedPictureResponse,
        timeout_s=60,
        errors=_PICTURE_ERRORS,
    ),
)
