"""Assets: uploading, listing, reading, tagging and deleting pictures and films."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from .base import AssetId, Metadata, Request, Response, Seconds, Tag, Timestamp, Vector
from .codes import ErrorCode
from .operation import Body, Operation, RateClass, Scope, Service

EXAMPLE_ID = "550e8400-e29b-41d4-a716-446655440000"
EXAMPLE_ID_2 = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

_ID = Field(description="Id of an uploaded asset.")
Kind = Literal["image", "video"]


class UploadRequest(Request):
    """Fields of the multipart form beside ``file``."""

    tags: list[Tag] = Field(default=[], max_length=50, description="Labels to find the asset by.")
    metadata: Metadata = Field(default={}, description="Flat facts of the application's own, up to 50.")


class UploadMetadata(Response):
    """The nested form of the upload facts."""

    filename: str
    size: int = Field(ge=0, description="Bytes.")
    content_type: str
    upload_timestamp: Timestamp


class UploadResponse(Response):
    """What was stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asset_id": EXAMPLE_ID,
                    "filename": "hero.jpg",
                    "content_type": "image/jpeg",
                    "file_size": 1024000,
                    "public_url": "http://localhost:3012/api/v1/assets/550e8400-e29b-41d4-a716-446655440000/content",
                    "media_url": "http://localhost:3012/api/v1/assets/550e8400-e29b-41d4-a716-446655440000/content",
                    "width": 1920,
                    "height": 1080,
                    "format": "JPEG",
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "upload_timestamp": "2026-01-05T10:00:00.000Z",
                    "processing_status": "uploaded",
                    "processing_time": 0.05,
                    "duplicate_of": None,
                    "metadata": {
                        "filename": "hero.jpg",
                        "size": 1024000,
                        "content_type": "image/jpeg",
                        "upload_timestamp": "2026-01-05T10:00:00.000Z",
                    },
                }
            ]
        }
    )

    asset_id: AssetId
    filename: str
    content_type: str = Field(description="Found from the content, not from the name.")
    file_size: int = Field(ge=0, description="Bytes.")
    public_url: str = Field(
        description="Where the file can be read: the store's public address when it has one, else this gateway's, "
        "which asks for a key as any request does."
    )
    media_url: str = Field(description="The same as public_url.")
    width: int | None = Field(description="Pixels, after EXIF orientation; null for a film not yet probed.")
    height: int | None = Field(description="Pixels, after EXIF orientation; null for a film not yet probed.")
    format: str = Field(description="JPEG, PNG, WEBP, MP4, MOV, MKV or WEBM.")
    sha256: str = Field(description="Hash of the content, in hex.")
    upload_timestamp: Timestamp
    processing_status: str = Field(description="uploaded, processing, completed or failed.")
    processing_time: Seconds
    duplicate_of: AssetId | None = Field(description="First asset with the same bytes, or null.")
    metadata: UploadMetadata


class Asset(Response):
    """An uploaded file and what is known about it."""

    asset_id: AssetId
    filename: str
    content_type: str
    file_size: int
    kind: Kind
    format: str
    width: int | None
    height: int | None
    sha256: str
    public_url: str
    media_url: str
    upload_timestamp: Timestamp
    updated_timestamp: Timestamp
    processing_status: str
    duplicate_of: AssetId | None
    derived_from: AssetId | None = Field(
        default=None, description="Film that it is a keyframe of; it goes when the film goes. Null for uploads."
    )
    tags: list[str]
    metadata: dict[str, Any]


class ListAssetsRequest(Request):
    """Which assets to list, newest first."""

    limit: int = Field(default=50, ge=1, le=200, description="Items a page.")
    cursor: str | None = Field(default=None, max_length=256, description="next_cursor of the page before.")
    kind: Kind | None = Field(default=None, description="Pictures or films only.")
    tag: Tag | None = Field(default=None, description="Only assets that carry this tag.")
    filename: str | None = Field(default=None, min_length=1, max_length=200, description="Part of the name.")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Only assets with exactly these bytes."
    )
    derived_from: AssetId | None = Field(default=None, description="Only keyframes of this film.")


class AssetPage(Response):
    """A page of assets."""

    items: list[Asset]
    next_cursor: str | None = Field(description="Give it as cursor for the next page; null at the end.")


class AssetRequest(Request):
    """An asset by id."""

    asset_id: AssetId = _ID


class UpdateAssetRequest(Request):
    """New tags and metadata; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["hero", "act-1"], "metadata": {"scene": 12}}]})

    asset_id: AssetId = _ID
    tags: list[Tag] | None = Field(default=None, max_length=50, description="Replaces all tags.")
    metadata: Metadata | None = Field(default=None, description="Merged key by key; a null value removes its key.")


class DeleteAssetResponse(Response):
    """What was removed."""

    asset_id: AssetId
    deleted: bool
    object_deleted: bool = Field(description="False while another asset shares the stored bytes.")


class ThumbnailRequest(Request):
    """A small JPEG of an asset."""

    asset_id: AssetId = _ID
    size: int = Field(default=256, ge=16, le=1024, description="Longer side in pixels.")


class AssetFeaturesRequest(Request):
    """Stored features of an asset, without computing them."""

    asset_id: AssetId = _ID


class AssetFeaturesResponse(Response):
    """Stored features."""

    asset_id: AssetId
    features: Vector = Field(description="L2-normalised embedding, `dimension` numbers.")
    features_timestamp: Timestamp
    model: str
    model_version: str
    dimension: int = Field(ge=1)


class PresignRequest(Request):
    """A large file that the client will put into the object store itself."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"filename": "film.mp4", "content_type": "video/mp4", "file_size": 734003200}]}
    )

    filename: str = Field(min_length=1, max_length=255)
    content_type: str = Field(pattern=r"^(image|video)/[A-Za-z0-9.+\-]{1,64}$")
    file_size: int = Field(ge=1, description="Bytes that will be put; checked on completion.")
    tags: list[Tag] = Field(default=[], max_length=50)
    metadata: Metadata = Field(default={})


class PresignResponse(Response):
    """Where to put the bytes."""

    upload_id: AssetId
    url: str = Field(description="PUT the bytes here.")
    headers: dict[str, str] = Field(description="Headers the PUT must carry.")
    expires_at: Timestamp


class CompleteUploadRequest(Request):
    """Say that the bytes are there."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"upload_id": EXAMPLE_ID}]})

    upload_id: AssetId


_FILE_ERRORS = (ErrorCode.INVALID_FILE_FORMAT, ErrorCode.FILE_TOO_LARGE)

OPERATIONS = (
    Operation(
        name="upload-media",
        service=Service.GATEWAY,
        method="POST",
        path="/upload-media",
        request=UploadRequest,
        response=UploadResponse,
        tag="assets",
        summary="Upload a picture or a film",
        description="Streams the form field `file` to the object store after checking its type by content. The same "
        "bytes sent twice make two assets that share one object and one feature computation.",
        rate=RateClass.UPLOAD,
        scope=Scope.WRITE,
        idempotency=True,
        takes=Body.MULTIPART,
        timeout_s=120,
        errors=_FILE_ERRORS,
    ),
    Operation(
        name="presign-upload",
        service=Service.GATEWAY,
        method="POST",
        path="/upload-media/presign",
        request=PresignRequest,
        response=PresignResponse,
        tag="assets",
        summary="Get a URL to put a large file to",
        description="For files over the upload limit; finish with `POST /upload-media/complete`.",
        rate=RateClass.UPLOAD,
        scope=Scope.WRITE,
        idempotency=True,
        errors=_FILE_ERRORS,
    ),
    Operation(
        name="complete-upload",
        service=Service.GATEWAY,
        method="POST",
        path="/upload-media/complete",
        request=CompleteUploadRequest,
        response=UploadResponse,
        tag="assets",
        summary="Make an asset of a presigned upload",
        description="Checks the bytes that were put and creates the asset. Repeating it answers the same asset.",
        rate=RateClass.UPLOAD,
        scope=Scope.WRITE,
        idempotency=True,
        timeout_s=300,
        errors=(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, *_FILE_ERRORS),
    ),
    Operation(
        name="list-assets",
        service=Service.GATEWAY,
        method="GET",
        path="/assets",
        request=ListAssetsRequest,
        response=AssetPage,
        tag="assets",
        summary="List assets, newest first",
    ),
    Operation(
        name="get-asset",
        service=Service.GATEWAY,
        method="GET",
        path="/assets/{asset_id}",
        request=AssetRequest,
        response=Asset,
        tag="assets",
        summary="Read an asset",
        errors=(ErrorCode.ASSET_NOT_FOUND,),
    ),
    Operation(
        name="update-asset",
        service=Service.GATEWAY,
        method="PATCH",
        path="/assets/{asset_id}",
        request=UpdateAssetRequest,
        response=Asset,
        tag="assets",
        summary="Change tags and metadata",
        scope=Scope.WRITE,
        errors=(ErrorCode.ASSET_NOT_FOUND,),
    ),
    Operation(
        name="delete-asset",
        service=Service.GATEWAY,
        method="DELETE",
        path="/assets/{asset_id}",
        request=AssetRequest,
        response=DeleteAssetResponse,
        tag="assets",
        summary="Delete an asset",
        description="Its stored bytes and features go too, unless another asset shares them.",
        scope=Scope.WRITE,
        errors=(ErrorCode.ASSET_NOT_FOUND,),
    ),
    Operation(
        name="get-asset-content",
        service=Service.GATEWAY,
        method="GET",
        path="/assets/{asset_id}/content",
        request=AssetRequest,
        response=None,
        tag="assets",
        summary="Download the file",
        description="Streams the stored bytes; single byte ranges are honoured.",
        gives=Body.BINARY,
        media_type="application/octet-stream",
        timeout_s=300,
        errors=(ErrorCode.ASSET_NOT_FOUND,),
    ),
    Operation(
        name="get-asset-thumbnail",
        service=Service.ANALYTICS,
        method="GET",
        path="/assets/{asset_id}/thumbnail",
        request=ThumbnailRequest,
        response=None,
        tag="assets",
        summary="A small JPEG of a picture",
        gives=Body.BINARY,
        media_type="image/jpeg",
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT),
    ),
    Operation(
        name="get-asset-features",
        service=Service.INFERENCE,
        method="GET",
        path="/assets/{asset_id}/features",
        request=AssetFeaturesRequest,
        response=AssetFeaturesResponse,
        tag="assets",
        summary="Read stored features",
        description="Answers 404 NOT_FOUND when they were not extracted with the serving model yet.",
        errors=(ErrorCode.ASSET_NOT_FOUND, ErrorCode.NOT_FOUND, ErrorCode.MODEL_NOT_LOADED),
    ),
)
