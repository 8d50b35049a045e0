"""Characters: master reference, gallery and thresholds. Written by analytics alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from dino_common.errors import Conflict, NotFound
from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

_NEWEST = [("created_at", DESCENDING), ("_id", DESCENDING)]
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """A picture of a gallery; ``image_id`` is the client's own name of it, or the asset's id."""

    image_id: str
    asset_id: str
    shot_type: str | None
    added_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True)
class OwnThreshold:
    """A consistency threshold (0–100) of a character; ``model_version`` None holds for every version."""

    value: float
    origin: str
    model_version: str | None
    set_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True)
class CharacterRecord:
    """A character; ``revision`` grows by one with every change."""

    character_id: str
    name: str
    description: str | None = None
    category: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    master_reference_asset_id: str | None = None
    images: tuple[GalleryEntry, ...] = ()
    thresholds: tuple[OwnThreshold, ...] = ()
    revision: int = 1
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)

    @property
    def asset_ids(self) -> tuple[str, ...]:
        """Every asset that it uses."""
        master = () if self.master_reference_asset_id is None else (self.master_reference_asset_id,)
        return tuple(dict.fromkeys((*master, *(image.asset_id for image in self.images))))

    def threshold(self, model_version: str) -> OwnThreshold | None:
        """Return the threshold set last that holds for this model version."""
        holding = [t for t in self.thresholds if t.model_version in (None, model_version)]
        return max(holding, key=lambda t: t.set_at) if holding else None

    def with_threshold(self, threshold: OwnThreshold) -> CharacterRecord:
        """Return the character with this threshold in place of the one for the same model version."""
        others = tuple(t for t in self.thresholds if t.model_version != threshold.model_version)
        return replace(self, thresholds=(*others, threshold))

    def without_asset(self, asset_id: str) -> CharacterRecord:
        """Return the character without any use of an asset."""
        master = None if self.master_reference_asset_id == asset_id else self.master_reference_asset_id
        images = tuple(image for image in self.images if image.asset_id != asset_id)
        return replace(self, master_reference_asset_id=master, images=images)


_PLAIN = tuple(
    name for name in CharacterRecord.__dataclass_fields__ if name not in ("character_id", "images", "thresholds")
)


def _document(record: CharacterRecord) -> dict[str, Any]:
    return {
        "_id": record.character_id,
        "schema": SCHEMA,
        **{name: getattr(record, name) for name in _PLAIN},
        "images": [asdict(image) for image in record.images],
        "thresholds": [asdict(threshold) for threshold in record.thresholds],
    }


def _record(document: Mapping[str, Any]) -> CharacterRecord:
    return CharacterRecord(
        document["_id"],
        **{name: document[name] for name in _PLAIN},
        images=tuple(GalleryEntry(**image) for image in document["images"]),
        thresholds=tuple(OwnThreshold(**threshold) for threshold in document["thresholds"]),
    )


def no_character(character_id: str) -> NotFound:
    """Return the error for a character that does not exist."""
    return NotFound(
        f"Character {character_id} not found", details="The character does not exist or was deleted; check the id."
    )


class CharacterStore:
    """The ``characters`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._characters = mongo.db["characters"]

    @guarded
    async def insert(self, record: CharacterRecord) -> CharacterRecord:
        """Store a new character; one with this id that is there already is returned as it is."""
        try:
            await self._characters.insert_one(_document(record))
        except DuplicateKeyError:
            return await self.get(record.character_id)
        return record

    @guarded
    async def get(self, character_id: str) -> CharacterRecord:
        """Return a character; NotFound when none has this id."""
        document = await self._characters.find_one({"_id": character_id})
        if document is None:
            raise no_character(character_id)
        return _record(document)

    @guarded
    async def change(
        self,
        character_id: str,
        how: Callable[[CharacterRecord], CharacterRecord],
        revision: int | None = None,
    ) -> CharacterRecord:
        """Apply a pure function to a character in one step and return what became of it.

        Args:
            character_id: of the character.
            how: called again with the newer state when another change came in between; an equal result changes nothing.
            revision: refuse unless the character still has this one.

        Raises:
            NotFound: no character has this id.
            Conflict: it has another revision, or changes all the time.
        """
        for _ in range(_ATTEMPTS):
            before = await self.get(character_id)
            if revision is not None and before.revision != revision:
                raise Conflict(
                    f"Character {character_id} has revision {before.revision}, not {revision}",
                    details="Somebody changed it meanwhile: read it again, and repeat the change with its revision.",
                )
            after = how(before)
            if after == before:
                return before
            after = replace(after, revision=before.revision + 1, updated_at=utc_now())
            same = {"_id": character_id, "revision": before.revision}
            if (await self._characters.replace_one(same, _document(after))).matched_count:
                return after
        raise Conflict(f"Character {character_id} is being changed by many at once", retry_after=1)

    async def set_threshold(
        self, character_id: str, value: float, model_version: str | None, origin: str = "calibrated"
    ) -> CharacterRecord:
        """Keep a consistency threshold (0–100), calibrated for a model version; NotFound without the character."""
        threshold = OwnThreshold(value, origin, model_version)
        return await self.change(character_id, lambda record: record.with_threshold(threshold))

    @guarded
    async def delete(self, character_id: str) -> None:
        """Remove a character; NotFound when none has this id."""
        if not (await self._characters.delete_one({"_id": character_id})).deleted_count:
            raise no_character(character_id)

    @guarded
    async def list(
        self,
        limit: int,
        cursor: str | None = None,
        *,
        name_part: str | None = None,
        tag: str | None = None,
        category: str | None = None,
        asset_id: str | None = None,
    ) -> tuple[list[CharacterRecord], str | None]:
        """Return a page, newest first, and the cursor of the next one; InvalidRequest for a cursor not ours."""
        conditions: list[dict[str, Any]] = [older_than(cursor, "created_at")]
        if name_part is not None:
            conditions.append({"name": {"$regex": re.escape(name_part), "$options": "i"}})
        if tag is not None:
            conditions.append({"tags": tag})
        if category is not None:
            conditions.append({"category": category})
        if asset_id is not None:
            conditions.append(_uses(asset_id))
        given = [condition for condition in conditions if condition]
        query = {"$and": given} if given else {}
        documents = await self._characters.find(query).sort(_NEWEST).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].created_at, records[-1].character_id)

    @guarded
    async def using(self, asset_id: str) -> list[str]:
        """Return the ids of the characters that use an asset."""
        found = await self._characters.find(_uses(asset_id), {"_id": 1}).to_list()
        return [document["_id"] for document in found]

    async def iter_all(self, batch: int = 200) -> AsyncIterator[CharacterRecord]:
        """Yield every character in the order of ids, a batch at a time."""
        last = ""
        while True:
            with self._mongo.guard():
                found = self._characters.find({"_id": {"$gt": last}}).sort("_id", ASCENDING).limit(batch)
                documents = await found.to_list()
            for document in documents:
                yield _record(document)
            if len(documents) < batch:
                return
            last = documents[-1]["_id"]


def _uses(asset_id: str) -> dict[str, Any]:
    return {"$or": [{"master_reference_asset_id": asset_id}, {"images.asset_id": asset_id}]}
