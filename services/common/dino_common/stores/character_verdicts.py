"""History of the verdicts on characters' pictures. Written by analytics alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import DESCENDING, InsertOne
from pymongo.errors import BulkWriteError

from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

_NEWEST = [("judged_at", DESCENDING), ("_id", DESCENDING)]
_DUPLICATE = 11000
_TRIMMED_AFTER = 100
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """One verdict.

    Attributes:
        verdict_id: the same for the same verdict stored again.
        occasion: ``gallery`` or ``generated``.
        consistency_score, threshold, quality_score: 0–100; quality where it was judged.
    """

    verdict_id: str
    character_id: str
    occasion: str
    image_id: str
    asset_id: str
    master_reference_asset_id: str
    consistency_score: float
    threshold: float
    threshold_source: str
    is_valid: bool
    model_version: str
    quality_score: float | None = None
    judged_at: datetime = field(default_factory=utc_now)


_FIELDS = tuple(name for name in VerdictRecord.__dataclass_fields__ if name != "verdict_id")


def _document(record: VerdictRecord) -> dict[str, Any]:
    return {"_id": record.verdict_id, "schema": SCHEMA, **{name: getattr(record, name) for name in _FIELDS}}


def _record(document: Mapping[str, Any]) -> VerdictRecord:
    return VerdictRecord(document["_id"], **{name: document[name] for name in _FIELDS})


class VerdictStore:
    """The ``character_verdicts`` collection. Every method raises ServiceUnavailable while MongoDB does not answer.

    A verdict lives for so many seconds, and of each character the newest ones alone are kept: older ones are looked for
    once in a hundred verdicts, so that there may be as many more for each process.
    """

    def __init__(self, mongo: Mongo, ttl: int, kept: int) -> None:
        """Use this connection; keep verdicts for ``ttl`` seconds, and ``kept`` of each character."""
        self._mongo, self._ttl, self._kept = mongo, timedelta(seconds=ttl), kept
        self._verdicts = mongo.db["character_verdicts"]
        self._added: dict[str, int] = {}

    @guarded
    async def add(self, records: Sequence[VerdictRecord]) -> None:
        """Keep verdicts; those that are there already stay as they are."""
        if not records:
            return
        documents = [_document(record) | {"expires_at": record.judged_at + self._ttl} for record in records]
        try:
            await self._verdicts.bulk_write([InsertOne(document) for document in documents], ordered=False)
        except BulkWriteError as error:
            failed = (error.details or {}).get("writeErrors", [])
            if any(one.get("code") != _DUPLICATE for one in failed):
                raise
        for character_id, count in Counter(record.character_id for record in records).items():
            if self._due(character_id, count):
                await self._trim(character_id)

    @guarded
    async def bound(self) -> int:
        """Have verdicts expire that were stored before verdicts did; return how many there were."""
        expires = {"$add": ["$judged_at", int(self._ttl / timedelta(milliseconds=1))]}
        changed = await self._verdicts.update_many(
            {"expires_at": {"$exists": False}}, [{"$set": {"expires_at": expires}}]
        )
        return changed.modified_count

    def _due(self, character_id: str, count: int) -> bool:
        """Return whether to look for old ones: at the first verdicts that this process adds, then at each hundredth."""
        if len(self._added) > _REMEMBERED:
            self._added.clear()
        added = self._added.get(character_id, _TRIMMED_AFTER) + count
        self._added[character_id] = 0 if added >= _TRIMMED_AFTER else added
        return added >= _TRIMMED_AFTER

    async def _trim(self, character_id: str) -> None:
        mine = self._verdicts.find({"character_id": character_id}, {"judged_at": 1})
        for last in await mine.sort(_NEWEST).skip(self._kept).limit(1).to_list():
            moment = last["judged_at"]
            older = [{"judged_at": {"$lt": moment}}, {"judged_at": moment, "_id": {"$lte": last["_id"]}}]
            await self._verdicts.delete_many({"character_id": character_id, "$or": older})

    @guarded
    async def list(
        self, character_id: str, limit: int, cursor: str | None = None, asset_id: str | None = None
    ) -> tuple[list[VerdictRecord], str | None]:
        """Return a page of a character's verdicts, newest first; InvalidRequest for a cursor not ours."""
        query = older_than(cursor, "judged_at") | {"character_id": character_id}
        if asset_id is not None:
            query["asset_id"] = asset_id
        documents = await self._verdicts.find(query).sort(_NEWEST).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].judged_at, records[-1].verdict_id)

    @guarded
    async def delete_of(self, character_id: str) -> None:
        """Remove every verdict of a character."""
        await self._verdicts.delete_many({"character_id": character_id})
