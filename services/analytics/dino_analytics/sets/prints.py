"""Prints of pictures, made once and kept by content."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bson.binary import Binary
from pymongo import ReplaceOne

from dino_analytics.core.sets.prints import SIDE, VERSION, Print, make_print
from dino_analytics.pictures import Pictures
from dino_common.errors import DinoError
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.mongo import SCHEMA, Mongo, guarded

_AT_ONCE = 16


class PrintStore:
    """The ``picture_prints`` collection, written by analytics alone."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._prints = mongo.db["picture_prints"]

    @guarded
    async def get_many(self, sha256s: Sequence[str]) -> dict[str, Print]:
        """Return the prints that exist, by content hash."""
        documents = self._prints.find({"_id": {"$in": list(sha256s)}, "version": VERSION})
        return {document["_id"]: _print(document) async for document in documents}

    @guarded
    async def put_many(self, prints: Mapping[str, Print]) -> None:
        """Keep prints by content hash."""
        if prints:
            await self._prints.bulk_write(
                [ReplaceOne({"_id": sha256}, _document(sha256, made), upsert=True) for sha256, made in prints.items()],
                ordered=False,
            )

    @guarded
    async def delete(self, sha256: str) -> None:
        """Remove a content's print."""
        await self._prints.delete_one({"_id": sha256})


class Prints:
    """Finds prints, and makes those that are missing."""

    def __init__(self, store: PrintStore, pictures: Pictures, assets: AssetStore) -> None:
        """Use these."""
        self._store, self._pictures, self._assets = store, pictures, assets

    async def of(self, records: Sequence[AssetRecord]) -> dict[str, Print | None]:
        """Return the print of each content; None for one whose picture cannot be read.

        Raises:
            DinoError: a store is down.
        """
        by_content = {record.sha256: record for record in records}
        found: dict[str, Print | None] = dict(await self._store.get_many(list(by_content)))
        missing = [record for sha256, record in by_content.items() if sha256 not in found]
        for start in range(0, len(missing), _AT_ONCE):
            chunk = missing[start : start + _AT_ONCE]
            made = await asyncio.gather(*(self._make(record) for record in chunk))
            fresh = {record.sha256: one for record, one in zip(chunk, made, strict=True)}
            await self._store.put_many({sha256: one for sha256, one in fresh.items() if one is not None})
            found |= fresh
        return found

    async def _make(self, record: AssetRecord) -> Print | None:
        try:
            return await self._pictures.work(record, make_print, at_least=2 * SIDE)
        except DinoError as error:
            if error.passing:
                raise
            return None

    async def forget(self, kind: str, event: dict[str, Any]) -> None:
        """Remove the print of a content that no asset has any more, as the event of a deletion tells."""
        sha256 = event.get("sha256")
        if sha256 and await self._assets.count_with_hash(sha256) == 0:
            await self._store.delete(sha256)


def _document(sha256: str, made: Print) -> dict[str, Any]:
    return {
        "_id": sha256,
        "schema": SCHEMA,
        "version": VERSION,
        "height": made.grey.shape[0],
        "width": made.grey.shape[1],
        "grey": Binary(made.grey.tobytes()),
        "colours": Binary(made.colours.tobytes()),
        "dhash": Binary(made.dhash.to_bytes(8, "big")),
    }


def _print(document: Mapping[str, Any]) -> Print:
    shape = (document["height"], document["width"])
    colours = np.frombuffer(document["colours"], np.uint8)
    side = round((len(colours) / 3) ** 0.5)
    return Print(
        np.frombuffer(document["grey"], np.uint8).reshape(shape),
        colours.reshape(side, side, 3),
        int.from_bytes(document["dhash"], "big"),
    )
