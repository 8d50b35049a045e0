"""Characters: who is to look alike in every picture, by a master reference and a gallery."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from .assets import EXAMPLE_ID, EXAMPLE_ID_2
from .base import AssetId, Metadata, Percent, Request, Response, Tag, Timestamp
from .codes import ErrorCode
from .judgement import Category
from .operation import Operation, Scope, Service

GALLERY_LIMIT = 500
"""Most pictures in one gallery."""

CharacterId = AssetId
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
ImageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,127}$")]
ShotType = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=4000)]
Revision = Annotated[int, Field(ge=1, le=2**53)]

REVISION: Any = Field(
    default=None, description="Refuse with 409 unless the character still has this revision; left out: any."
)


class GalleryImageInput(Request):
    """A stored picture for a gallery."""

    asset_id: AssetId
    image_id: ImageId | None = Field(
        default=None, description="The client's own name of the picture, such as its CMS's; left out: the asset's id."
    )
    shot_type: ShotType | None = Field(default=None, description="Such as front, profile or close-up.")


class GalleryImage(Response):
    """A picture of a gallery."""

    image_id: str
    asset_id: AssetId
    shot_type: str | None
    added_at: Timestamp


class CharacterThreshold(Response):
    """The character's own consistency threshold, as far as it holds for the model that serves."""

    value: Percent
    origin: Literal["given", "calibrated"] = Field(description="Set by a client, or calibrated from labelled pairs.")
    model_version: str | None = Field(description="The version it was calibrated for; null holds for every one.")
    set_at: Timestamp


class Character(Response):
    """A character as stored."""

    character_id: CharacterId
    name: str
    description: str | None
    category: str | None = Field(description="Named threshold set used where a request names none.")
    tags: list[str]
    metadata: Metadata
    master_reference_asset_id: AssetId | None
    images: list[GalleryImage] = Field(description="The gallery, in the order in which pictures were added.")
    consistency_threshold: CharacterThreshold | None
    revision: int = Field(ge=1, description="Grows with every change.")
    created_at: Timestamp
    updated_at: Timestamp


class CharacterSummary(Response):
    """A character in a list."""

    character_id: CharacterId
    name: str
    category: str | None
    tags: list[str]
    master_reference_asset_id: AssetId | None
    image_count: int = Field(ge=0)
    revision: int = Field(ge=1)
    created_at: Timestamp
    updated_at: Timestamp


class CreateCharacterRequest(Request):
    """A new character."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Marcus",
                    "description": "Archaeologist in his forties, weathered brown jacket",
                    "tags": ["lead"],
                    "metadata": {"film": "Temporal Awakening"},
                }
            ]
        }
    )

    name: Name
    description: Text | None = None
    category: Category | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=50)
    metadata: Metadata = Field(default_factory=dict)
    master_reference_asset_id: AssetId | None = None
    images: list[GalleryImageInput] = Field(default_factory=list, max_length=100)
    consistency_threshold: Percent | None = Field(default=None, description="The character's own, 0–100.")


class CharacterRequest(Request):
    """Which character."""

    character_id: CharacterId


class ListCharactersRequest(Request):
    """Which characters to list, newest first."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="Part of the name, in any case."
    )
    tag: Tag | None = None
    category: Category | None = None
    asset_id: AssetId | None = Field(default=None, description="Only characters that use this picture.")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=256)


class CharacterPage(Response):
    """A page of characters."""

    items: list[CharacterSummary]
    next_cursor: str | None


class UpdateCharacterRequest(Request):
    """Changes; what is left out stays, null takes a value away."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["lead", "act-1"], "metadata": {"age": 42}}]})

    character_id: CharacterId
    name: Name | None = None
    description: Text | None = None
    category: Category | None = None
    tags: list[Tag] | None = Field(default=None, max_length=50, description="In place of the tags of before.")
    metadata: Metadata | None = Field(default=None, description="Merged key by key; null removes a key.")
    consistency_threshold: Percent | None = Field(
        default=None, description="The character's own, 0–100; null takes it and a calibrated one away."
    )
    revision: Revision | None = REVISION

    @model_serializer(mode="wrap")
    def _only_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Carry only what was given over the bus: null takes a value away, and what is left out does not."""
        return {name: value for name, value in serialize(self).items() if name in self.model_fields_set}


class DeleteCharacterResponse(Response):
    """The character is gone; the pictures it used stay."""

    character_id: CharacterId
    deleted: bool


class AddImagesRequest(Request):
    """Pictures for the gallery. A picture is in it once: named again, it changes shot type and image id."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"images": [{"asset_id": EXAMPLE_ID_2, "shot_type": "profile"}]}]}
    )

    character_id: CharacterId
    images: list[GalleryImageInput] = Field(min_length=1, max_length=100)
    revision: Revision | None = REVISION


class RemoveImageRequest(Request):
    """A picture to take out of the gallery; the asset stays."""

    character_id: CharacterId
    image_id: ImageId = Field(description="The picture's image_id or its asset's id.")
    revision: Revision | None = REVISION


class SetMasterReferenceRequest(Request):
    """The picture that all others are held against."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID}]})

    character_id: CharacterId
    asset_id: AssetId
    revision: Revision | None = REVISION


def character_operation(
    name: str, method: str, path: str, request: type[Request], response: type[Response], summary: str, **more: Any
) -> Operation:
    """Return an operation of this group; every one of a character answers 404 where there is none."""
    errors = (*more.pop("errors", ()), *((ErrorCode.NOT_FOUND,) if "{character_id}" in path else ()))
    return Operation(
        name=name,
        service=Service.ANALYTICS,
        method=method,
        path=path,
        request=request,
        response=response,
        tag="characters",
        summary=summary,
        scope=more.pop("scope", Scope.READ if method == "GET" else Scope.WRITE),
        errors=errors,
        **more,
    )


PICTURE_ERRORS = (ErrorCode.ASSET_NOT_FOUND, ErrorCode.INVALID_FILE_FORMAT)

OPERATIONS = (
    character_operation(
        "create-character",
        "POST",
        "/characters",
        CreateCharacterRequest,
        Character,
        "Make a character",
        status=201,
        idempotency=True,
        errors=PICTURE_ERRORS,
    ),
    character_operation(
        "list-characters", "GET", "/characters", ListCharactersRequest, CharacterPage, "List characters"
    ),
    character_operation(
        "get-character", "GET", "/characters/{character_id}", CharacterRequest, Character, "A character"
    ),
    character_operation(
        "update-character",
        "PATCH",
        "/characters/{character_id}",
        UpdateCharacterRequest,
        Character,
        "Change a character",
        errors=(ErrorCode.CONFLICT,),
    ),
    character_operation(
        "delete-character",
        "DELETE",
        "/characters/{character_id}",
        CharacterRequest,
        DeleteCharacterResponse,
        "Delete a character",
        description="Its history of verdicts goes too; the pictures stay.",
    ),
    character_operation(
        "add-character-images",
        "POST",
        "/characters/{character_id}/images",
        AddImagesRequest,
        Character,
        "Add pictures to a gallery",
        idempotency=True,
        errors=(*PICTURE_ERRORS, ErrorCode.CONFLICT),
    ),
    character_operation(
        "remove-character-image",
        "DELETE",
        "/characters/{character_id}/images/{image_id}",
        RemoveImageRequest,
        Character,
        "Take a picture out of a gallery",
        errors=(ErrorCode.CONFLICT,),
    ),
    character_operation(
        "set-master-reference",
        "PUT",
        "/characters/{character_id}/master-reference",
        SetMasterReferenceRequest,
        Character,
        "Set the master reference",
        description="Its features are extracted before the answer, so that a reference that cannot be used is refused.",
        timeout_s=60,
        errors=(*PICTURE_ERRORS, ErrorCode.CONFLICT, ErrorCode.MODEL_NOT_LOADED, ErrorCode.GPU_MEMORY_ERROR),
    ),
)
