"""Answers that are longer than a page, kept for a day so that the next page costs nothing."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson.binary import Binary

from dino_common.bus.codec import pack, unpack
from dino_common.errors import InvalidRequest
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

KEPT = timedelta(days=1)
_CHUNK = 1000
_CURSOR = re.compile(r"^[0-9a-f]{32}:(\d{1,9})$")


@dataclass(frozen=True, slots=True)
class Page:
    """Fields of the answer beside its items, the items of the page, and the next cursor."""

    fields: dict[str, Any]
    items: list[dict[str, Any]]
    next_cursor: str | None


class SetResults:
    """The ``set_results`` collection, written by analytics alone."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._results = mongo.db["set_results"]

    @guarded
    async def first_page(
        self, operation: str, fields: dict[str, Any], items: Sequence[dict[str, Any]], limit: int
    ) -> Page:
        """Return the first page, and keep the rest when there is any."""
        if len(items) <= limit:
            return Page(fields, list(items), None)
        key = uuid.uuid4().hex
        expires_at = utc_now() + KEPT
        head = {"operation": operation, "fields": _packed(fields), "count": len(items)}
        documents = [{"_id": key, "schema": SCHEMA, "expires_at": expires_at, **head}]
        for start in range(0, len(items), _CHUNK):
            documents.append(
                {
                    "_id": f"{key}:{start // _CHUNK}",
                    "schema": SCHEMA,
                    "expires_at": expires_at,
                    "items": _packed(list(items[start : start + _CHUNK])),
                }
            )
        for document in documents[1:] + documents[:1]:
            await self._results.insert_one(document)
        return Page(fields, list(items[:limit]), _cursor(key, limit))

    @guarded
    async def page(self, operation: str, cursor: str, limit: int) -> Page:
        """Return the page at a cursor.

        Raises:
            InvalidRequest: it is none of this operation's, or has expired.
        """
        key, offset = _read(cursor)
        head = await self._results.find_one({"_id": key})
        if head is None or head["operation"] != operation or offset >= head["count"]:
            raise InvalidRequest("cursor: not a cursor of this operation, or it has expired; ask anew")
        end = min(head["count"], offset + limit)
        wanted = [f"{key}:{number}" for number in range(offset // _CHUNK, (end - 1) // _CHUNK + 1)]
        found = {d["_id"]: d["items"] async for d in self._results.find({"_id": {"$in": wanted}})}
        if len(found) < len(wanted):
            raise InvalidRequest("cursor: it has expired; ask anew")
        items = [item for name in wanted for item in _unpacked(found[name])]
        first = offset - offset // _CHUNK * _CHUNK
        more = _cursor(key, end) if end < head["count"] else None
        return Page(_unpacked(head["fields"]), items[first : first + end - offset], more)


def _packed(value: Any) -> Binary:
    return Binary(zlib.compress(pack(value), 1))


def _unpacked(data: bytes) -> Any:
    return unpack(zlib.decompress(bytes(data)))


def _cursor(key: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{key}:{offset}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[str, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if (match := _CURSOR.match(text)) is None:
        raise InvalidRequest("cursor: not a cursor of this operation")
    return text[:32], int(match.group(1))
