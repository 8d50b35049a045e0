"""Assets: what the platform knows about every uploaded file. Written by the gateway alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from dino_common.errors import AssetNotFound, Conflict
from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds, utc_now

_CHUNK = 1000
_NEWEST = [("upload_timestamp", DESCENDING), ("_id", DESCENDING)]


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """An uploaded file.

    Attributes:
        sha256: hash of the content in hex; features and the stored object belong to it.
        object_key: where the bytes lie in the object store.
        file_size: bytes.
        width, height: pixels after EXIF orientation; None for a film not yet probed.
        kind: ``image`` or ``video``.
        processing_status: ``uploaded`` as stored; see ``AssetStore.with_status``.
        duplicate_of: the first asset with the same bytes, or None.
        derived_from: the film that the platform made it of, or None for an upload.
    """

    asset_id: str
    sha256: str
    object_key: str
    content_type: str
    filename: str
    file_size: int
    width: int | None
    height: int | None
    format: str
    kind: str
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    upload_timestamp: datetime = field(default_factory=utc_now)
    updated_timestamp: datetime = field(default_factory=utc_now)
    processing_status: str = "uploaded"
    duplicate_of: str | None = None
    derived_from: str | None = None


@dataclass(frozen=True, slots=True)
class LibraryTotals:
    """How much is stored; ``bytes`` counts content that several assets share once."""

    assets: int
    images: int
    videos: int
    bytes: int


_FIELDS = tuple(AssetRecord.__dataclass_fields__)


def _document(record: AssetRecord) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in _FIELDS if name != "asset_id"}
    return {"_id": record.asset_id, "schema": SCHEMA, **fields}


def _record(document: Mapping[str, Any]) -> AssetRecord:
    fields = {name: document[name] for name in _FIELDS if name not in ("asset_id", "derived_from")}
    # Documents of before there were derived assets lack the field.
    return AssetRecord(document["_id"], **fields, derived_from=document.get("derived_from"))


class AssetStore:
    """The ``assets`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._assets = mongo.db["assets"]
        self._features = mongo.db["features"]

    @guarded
    async def insert(self, record: AssetRecord) -> AssetRecord:
        """Store a new asset and return it as it will be read (times in whole milliseconds).

        Raises:
            Conflict: the id is taken.
        """
        record = replace(
            record,
            upload_timestamp=to_milliseconds(record.upload_timestamp),
            updated_timestamp=to_milliseconds(record.updated_timestamp),
        )
        try:
            await self._assets.insert_one(_document(record))
        except DuplicateKeyError as error:
            raise Conflict(f"Asset {record.asset_id} exists already") from error
        return record

    @guarded
    async def get(self, asset_id: str) -> AssetRecord:
        """Return an asset.

        Raises:
            AssetNotFound: no live asset has this id.
        """
        document = await self._assets.find_one({"_id": asset_id})
        if document is None:
            raise AssetNotFound(f"Asset {asset_id} not found")
        return _record(document)

    @guarded
    async def get_many(self, asset_ids: Sequence[str]) -> dict[str, AssetRecord]:
        """Return the assets that exist, by id."""
        ids = list(dict.fromkeys(asset_ids))
        found: dict[str, AssetRecord] = {}
        for start in range(0, len(ids), _CHUNK):
            async for document in self._assets.find({"_id": {"$in": ids[start : start + _CHUNK]}}):
                found[document["_id"]] = _record(document)
        return found

    @guarded
    async def update(
        self, asset_id: str, tags: list[str] | None = None, metadata_patch: Mapping[str, Any] | None = None
    ) -> AssetRecord:
        """Replace the tags and merge the metadata key by key, in one step; None as a value removes its key.

        Raises:
            AssetNotFound: no live asset has this id.
        """
        patch = metadata_patch or {}
        changes: dict[str, Any] = {"updated_timestamp": utc_now()}
        if tags is not None:
            changes["tags"] = list(tags)
        changes |= {f"metadata.{key}": value for key, value in patch.items() if value is not None}
        update: dict[str, Any] = {"$set": changes}
        if removed := {f"metadata.{key}": "" for key, value in patch.items() if value is None}:
            update["$unset"] = removed
        document = await self._assets.find_one_and_update(
            {"_id": asset_id}, update, return_document=ReturnDocument.AFTER
        )
        if document is None:
            raise AssetNotFound(f"Asset {asset_id} not found")
        return _record(document)

    @guarded
    async def set_size(self, asset_id: str, width: int, height: int) -> None:
        """Store the pixels of a film that was probed; nothing happens when it has gone."""
        await self._assets.update_one({"_id": asset_id}, {"$set": {"width": width, "height": height}})

    @guarded
    async def derived_of(self, asset_id: str) -> list[str]:
        """Return the ids of the assets that were made of this film."""
        found = await self._assets.find({"derived_from": asset_id}, {"_id": 1}).to_list()
        return [document["_id"] for document in found]

    @guarded
    async def delete(self, asset_id: str) -> AssetRecord:
        """Remove an asset's document and return what it was; of two at once only one succeeds.

        Raises:
            AssetNotFound: no live asset has this id.
        """
        document = await self._assets.find_one_and_delete({"_id": asset_id})
        if document is None:
            raise AssetNotFound(f"Asset {asset_id} not found")
        return _record(document)

    @guarded
    async def first_with_hash(self, sha256: str) -> AssetRecord | None:
        """Return the earliest asset with this content; ask under its ``ContentLock`` before an insert."""
        order = [("upload_timestamp", ASCENDING), ("_id", ASCENDING)]
        document = await self._assets.find_one({"sha256": sha256}, sort=order)
        return None if document is None else _record(document)

    @guarded
    async def with_hashes(self, sha256s: Sequence[str], kind: str) -> Sequence[AssetRecord]:
        """Return every asset of a kind with one of these contents."""
        wanted = list(dict.fromkeys(sha256s))
        found: list[AssetRecord] = []
        for start in range(0, len(wanted), _CHUNK):
            conditions = {"sha256": {"$in": wanted[start : start + _CHUNK]}, "kind": kind}
            found += [_record(document) async for document in self._assets.find(conditions)]
        return found

    @guarded
    async def count_with_hash(self, sha256: str) -> int:
        """Return how many assets share this content."""
        return await self._assets.count_documents({"sha256": sha256})

    @guarded
    async def list(
        self,
        limit: int,
        cursor: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        filename_part: str | None = None,
        sha256: str | None = None,
        derived_from: str | None = None,
    ) -> tuple[list[AssetRecord], str | None]:
        """Return a page, newest first, and the cursor of the next one; uploads meanwhile do not shift pages.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        conditions: dict[str, Any] = older_than(cursor, "upload_timestamp")
        if kind is not None:
            conditions["kind"] = kind
        if tag is not None:
            conditions["tags"] = tag
        if sha256 is not None:
            conditions["sha256"] = sha256
        if derived_from is not None:
            conditions["derived_from"] = derived_from
        if filename_part is not None:
            conditions["filename"] = {"$regex": re.escape(filename_part), "$options": "i"}
        documents = await self._assets.find(conditions).sort(_NEWEST).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].upload_timestamp, records[-1].asset_id)

    async def iter_all(
        self, kind: str | None = None, batch: int = 500, *, after: str = "", until: str | None = None
    ) -> AsyncIterator[AssetRecord]:
        """Yield every asset in the order of ids, a batch at a time; no cursor stays open on the server.

        Args:
            kind: only these.
            batch: read at once.
            after, until: only ids above the one, and up to the other, itself included.
        """
        last = after
        while True:
            conditions: dict[str, Any] = {"_id": {"$gt": last} if until is None else {"$gt": last, "$lte": until}}
            if kind is not None:
                conditions["kind"] = kind
            with self._mongo.guard():
                documents = await self._assets.find(conditions).sort("_id", ASCENDING).limit(batch).to_list()
            for document in documents:
                yield _record(document)
            if len(documents) < batch:
                return
            last = documents[-1]["_id"]

    @guarded
    async def with_status(self, records: Sequence[AssetRecord]) -> Sequence[AssetRecord]:
        """Return the assets with ``completed`` where features of their content are stored, by one query."""
        wanted = list({r.sha256 for r in records if r.kind == "image" and r.processing_status == "uploaded"})
        if not wanted:
            return list(records)
        documents = await self._features.find({"sha256": {"$in": wanted}, "space": None}, {"sha256": 1}).to_list()
        done = {document["sha256"] for document in documents}
        return [replace(r, processing_status="completed") if r.sha256 in done else r for r in records]

    @guarded
    async def count_contents(self, kind: str) -> int:
        """Return how many different contents the assets of a kind have."""
        steps = [{"$match": {"kind": kind}}, {"$group": {"_id": "$sha256"}}, {"$count": "contents"}]
        found = await (await self._assets.aggregate(steps)).to_list()
        return int(found[0]["contents"]) if found else 0

    @guarded
    async def sample(self, kind: str, size: int) -> Sequence[AssetRecord]:
        """Return at most ``size`` assets of a kind, at random."""
        found = await self._assets.aggregate([{"$match": {"kind": kind}}, {"$sample": {"size": size}}])
        return [_record(document) async for document in found]

    @guarded
    async def totals(self) -> LibraryTotals:
        """Return how much is stored."""
        by_content = {"_id": {"sha256": "$sha256", "kind": "$kind"}, "n": {"$sum": 1}, "size": {"$max": "$file_size"}}
        by_kind = {"_id": "$_id.kind", "n": {"$sum": "$n"}, "bytes": {"$sum": "$size"}}
        found = await self._assets.aggregate([{"$group": by_content}, {"$group": by_kind}])
        kinds = {document["_id"]: document async for document in found}
        counts = {kind: int(document["n"]) for kind, document in kinds.items()}
        return LibraryTotals(
            assets=sum(counts.values()),
            images=counts.get("image", 0),
            videos=counts.get("video", 0),
            bytes=sum(int(document["bytes"]) for document in kinds.values()),
        )
