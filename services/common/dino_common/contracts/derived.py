"""What other services have the gateway write: pictures made of a film or generated, and films' sizes. Bus alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from .base import AssetId, Metadata, Request, Response, Seconds, Tag
from .codes import ErrorCode
from .operation import Operation, Service


class RegisterDerivedRequest(Request):
    """A picture made of a film; the same role and time of the same film name the same asset."""

    video_asset_id: AssetId
    role: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9\-]{0,31}$")] = Field(description="Such as keyframe.")
    time: Seconds = Field(description="Seconds from the start of the film.")
    data: bytes = Field(min_length=1, max_length=16 * 1024 * 1024, description="JPEG, PNG or WebP.")
    filename: str = Field(max_length=255)
    tags: list[Tag] = Field(default_factory=list, max_length=50)
    metadata: Metadata = Field(default_factory=dict)


class RegisterDerivedResponse(Response):
    """The asset as stored, now or before."""

    asset_id: AssetId
    sha256: str


class RemoveDerivedRequest(Request):
    """Pictures of a film that a newer analysis has no use for."""

    video_asset_id: AssetId
    asset_ids: list[AssetId] = Field(min_length=1, max_length=200)


class RemoveDerivedResponse(Response):
    """How many there were."""

    removed: int = Field(ge=0)


class IngestPictureRequest(Request):
    """A picture that is nobody's upload, such as a generated one; the same id names the same asset."""

    asset_id: AssetId
    data: bytes = Field(min_length=1, max_length=16 * 1024 * 1024, description="JPEG, PNG or WebP.")
    filename: str = Field(max_length=255)
    tags: list[Tag] = Field(default_factory=list, max_length=50)
    metadata: Metadata = Field(default_factory=dict)


class FilmSizeRequest(Request):
    """Pixels of a film as it is shown."""

    asset_id: AssetId
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class FilmSizeResponse(Response):
    """Nothing to say."""


OPERATIONS = (
    Operation(
        name="ingest-picture",
        service=Service.GATEWAY,
        request=IngestPictureRequest,
        response=RegisterDerivedResponse,
        timeout_s=60,
        errors=(ErrorCode.INVALID_FILE_FORMAT, ErrorCode.FILE_TOO_LARGE),
    ),
    Operation(
        name="register-derived-asset",
        service=Service.GATEWAY,
        request=RegisterDerivedRequest,
        response=RegisterDerivedResponse,
        timeout_s=60,
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT),
    ),
    Operation(
        name="remove-derived-assets",
        service=Service.GATEWAY,
        request=RemoveDerivedRequest,
        response=RemoveDerivedResponse,
        timeout_s=60,
    ),
    Operation(
        name="set-film-size",
        service=Service.GATEWAY,
        request=FilmSizeRequest,
        response=FilmSizeResponse,
        timeout_s=10,
    ),
)
