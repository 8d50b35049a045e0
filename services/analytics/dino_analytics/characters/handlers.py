"""Handlers that make, list, change and delete characters and their galleries."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from dino_analytics.characters.view import shown, summary
from dino_analytics.core.gallery import with_images, without_image
from dino_analytics.in_force import InForce
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.characters import (
    AddImagesRequest,
    Character,
    CharacterPage,
    CharacterRequest,
    CreateCharacterRequest,
    DeleteCharacterResponse,
    GalleryImageInput,
    ListCharactersRequest,
    RemoveImageRequest,
    SetMasterReferenceRequest,
    UpdateCharacterRequest,
)
from dino_common.errors import AssetNotFound, InvalidFileFormat, InvalidRequest, NotFound
from dino_common.stores.character_verdicts import VerdictStore
from dino_common.stores.characters import CharacterRecord, CharacterStore, GalleryEntry, OwnThreshold

_SPACE = uuid.UUID("0d9a7c52-6d0f-4a86-9b3e-8f1c2f3f7a61")
MOST_METADATA = 50
"""Entries, as requests and answers bound them."""
_PLAIN = ("name", "description", "category", "tags")


class CharacterHandlers:
    """Characters over the document store."""

    def __init__(
        self, characters: CharacterStore, verdicts: VerdictStore, vectors: VectorSource, in_force: InForce
    ) -> None:
        """Use these stores; the features of a master reference come from ``vectors``."""
        self._characters, self._verdicts, self._vectors = characters, verdicts, vectors
        self._in_force = in_force

    async def create(self, context: Context, request: CreateCharacterRequest) -> Character:
        """Answer ``POST /characters``; the request sent again by the bus makes no second one."""
        self._in_force.category(request.category)
        master = request.master_reference_asset_id
        used = [image.asset_id for image in request.images] + ([] if master is None else [master])
        await self._check_pictures(used)
        own = request.consistency_threshold
        record = CharacterRecord(
            character_id=_id_of(context, request),
            name=request.name,
            description=request.description,
            category=request.category,
            tags=list(dict.fromkeys(request.tags)),
            metadata={name: value for name, value in request.metadata.items() if value is not None},
            master_reference_asset_id=master,
            images=with_images((), _entries(request.images)),
            thresholds=() if own is None else (OwnThreshold(own, "given", None),),
        )
        return self._show(await self._not_deleted_meanwhile(await self._characters.insert(record)))

    async def list(self, context: Context, request: ListCharactersRequest) -> CharacterPage:
        """Answer ``GET /characters``."""
        records, cursor = await self._characters.list(
            request.limit,
            request.cursor,
            name_part=request.name,
            tag=request.tag,
            category=request.category,
            asset_id=request.asset_id,
        )
        return CharacterPage(items=[summary(record) for record in records], next_cursor=cursor)

    async def get(self, context: Context, request: CharacterRequest) -> Character:
        """Answer ``GET /characters/{id}``."""
        return self._show(await self._characters.get(request.character_id))

    async def update(self, context: Context, request: UpdateCharacterRequest) -> Character:
        """Answer ``PATCH /characters/{id}``."""
        self._in_force.category(request.category)
        return await self._change(request.character_id, request.revision, lambda record: _updated(record, request))

    async def delete(self, context: Context, request: CharacterRequest) -> DeleteCharacterResponse:
        """Answer ``DELETE /characters/{id}``."""
        await self._characters.delete(request.character_id)
        await self._verdicts.delete_of(request.character_id)
        return DeleteCharacterResponse(character_id=request.character_id, deleted=True)

    async def add_images(self, context: Context, request: AddImagesRequest) -> Character:
        """Answer ``POST /characters/{id}/images``."""
        await self._characters.get(request.character_id)
        await self._check_pictures([image.asset_id for image in request.images])
        entries = _entries(request.images)
        return await self._change(
            request.character_id,
            request.revision,
            lambda record: replace(record, images=with_images(record.images, entries)),
        )

    async def remove_image(self, context: Context, request: RemoveImageRequest) -> Character:
        """Answer ``DELETE /characters/{id}/images/{image_id}``."""

        def removed(record: CharacterRecord) -> CharacterRecord:
            left = without_image(record.images, request.image_id)
            if len(left) == len(record.images):
                raise NotFound(
                    f"Character {record.character_id} has no picture {request.image_id}",
                    details="Name it by its image_id or its asset's id; GET the character lists them.",
                )
            return replace(record, images=left)

        return await self._change(request.character_id, request.revision, removed)

    async def set_master(self, context: Context, request: SetMasterReferenceRequest) -> Character:
        """Answer ``PUT /characters/{id}/master-reference``."""
        await self._characters.get(request.character_id)
        await self._check_pictures([request.asset_id])
        await self._vectors.all_of([request.asset_id], context)
        return await self._change(
            request.character_id,
            request.revision,
            lambda record: replace(record, master_reference_asset_id=request.asset_id),
        )

    async def _change(
        self, character_id: str, revision: int | None, how: Callable[[CharacterRecord], CharacterRecord]
    ) -> Character:
        record = await self._characters.change(character_id, how, revision)
        return self._show(await self._not_deleted_meanwhile(record))

    async def _check_pictures(self, asset_ids: Sequence[str]) -> None:
        wanted = list(dict.fromkeys(asset_ids))
        found = await self._vectors.assets.get_many(wanted)
        if missing := [asset_id for asset_id in wanted if asset_id not in found]:
            raise AssetNotFound(f"Asset {', '.join(missing)} not found")
        for asset_id, asset in found.items():
            if asset.kind != "image":
                raise InvalidFileFormat(
                    f"Asset {asset_id} is a film, not a picture", details="Name pictures; a film's keyframes are some."
                )

    async def _not_deleted_meanwhile(self, record: CharacterRecord) -> CharacterRecord:
        """Take away assets that were deleted after they were looked for: their event may have come too early."""
        live = await self._vectors.assets.get_many(record.asset_ids)
        for asset_id in record.asset_ids:
            if asset_id not in live:
                record = await self._characters.change(
                    record.character_id, lambda r, gone=asset_id: r.without_asset(gone)
                )
        return record

    def _show(self, record: CharacterRecord) -> Character:
        known = self._vectors.serving.known
        return shown(record, known and known.version)


def _id_of(context: Context, request: CreateCharacterRequest) -> str:
    """Return the same id when the bus sends the same request once more: deadline and request id are its own."""
    content = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    return str(uuid.uuid5(_SPACE, f"{context.principal} {context.request_id} {context.deadline:.3f} {content}"))


def _entries(images: Sequence[GalleryImageInput]) -> list[GalleryEntry]:
    return [GalleryEntry(image.image_id or image.asset_id, image.asset_id, image.shot_type) for image in images]


def _updated(record: CharacterRecord, request: UpdateCharacterRequest) -> CharacterRecord:
    given = request.model_fields_set
    changes = {name: getattr(request, name) for name in _PLAIN if name in given}
    if changes.get("name", record.name) is None:
        del changes["name"]  # a character without a name would be none
    if "tags" in changes:
        changes["tags"] = list(dict.fromkeys(changes["tags"] or []))
    if request.metadata is not None:
        merged = record.metadata | request.metadata
        changes["metadata"] = {name: value for name, value in merged.items() if value is not None}
        if len(changes["metadata"]) > MOST_METADATA:
            raise InvalidRequest(
                f"metadata: a character has {MOST_METADATA} entries at most", details="Remove some by null first."
            )
    record = replace(record, **changes)
    if "consistency_threshold" in given:
        own = request.consistency_threshold
        record = replace(record, thresholds=())
        record = record if own is None else record.with_threshold(OwnThreshold(own, "given", None))
    return record
