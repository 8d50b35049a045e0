"""Descriptions of looks: one for every content and model version. Written by the analytics service alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds, utc_now

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class DescriptionRecord:
    """The look of one content.

    Attributes:
        method: how it was described.
        text: one paragraph.
        fields: as they are answered.
    """

    sha256: str
    model_version: str
    method: str
    text: str
    fields: dict[str, Any]
    created_at: datetime = field(default_factory=utc_now)


class DescriptionStore:
    """The ``descriptions`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._descriptions = mongo.db["descriptions"]

    @guarded
    async def put(self, record: DescriptionRecord) -> None:
        """Store a description; repeating it replaces the one before."""
        key = _key(record.sha256, record.model_version)
        document = {
            "_id": key,
            "schema": SCHEMA,
            "sha256": record.sha256,
            "model_version": record.model_version,
            "method": record.method,
            "text": record.text,
            "fields": record.fields,
            "created_at": to_milliseconds(record.created_at),
        }
        try:
            await self._descriptions.replace_one({"_id": key}, document, upsert=True)
        except DuplicateKeyError:
            # Two upserts of one new key: what is stored is of the same content.
            await self._descriptions.replace_one({"_id": key}, document)

    @guarded
    async def get(self, sha256: str, model_version: str) -> DescriptionRecord | None:
        """Return the description of a content, by whatever method, or None."""
        found = await self._descriptions.find_one({"_id": _key(sha256, model_version)})
        if found is None:
            return None
        return DescriptionRecord(
            found["sha256"],
            found["model_version"],
            found["method"],
            found["text"],
            found["fields"],
            found["created_at"],
        )

    @guarded
    async def texts(self, sha256s: Iterable[str]) -> dict[str, str]:
        """Return the paragraphs that there are, by content hash; of several versions' the newest."""
        wanted = list(dict.fromkeys(sha256s))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _CHUNK):
            query = {"sha256": {"$in": wanted[start : start + _CHUNK]}}
            async for one in self._descriptions.find(query, {"sha256": 1, "text": 1}).sort("created_at", 1):
                found[one["sha256"]] = one["text"]
        return found

    @guarded
    async def delete(self, sha256: str) -> int:
        """Remove a content's descriptions of every version; return how many there were."""
        return (await self._descriptions.delete_many({"sha256": sha256})).deleted_count


def _key(sha256: str, model_version: str) -> str:
    return f"{sha256}:{model_version}"
