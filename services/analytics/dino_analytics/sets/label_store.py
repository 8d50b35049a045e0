"""Which label each picture had in the last run of a series."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from bson.binary import Binary
from pymongo import ReturnDocument

from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

_LAYOUT = 2
_CHUNK = 400_000  # ids in a document of at most 16 MB
KEPT = timedelta(days=180)
"""How long the labels of a series live after its last run: every other filter is a series of its own."""


class LabelStore:
    """The ``cluster_labels`` collection, written by analytics alone."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._labels = mongo.db["cluster_labels"]

    @guarded
    async def last(self, series: str) -> dict[str, str]:
        """Return the label of every picture that had one, by asset id."""
        head = await self._labels.find_one({"_id": series})
        while head is not None:
            found = await self._read(series, head)
            again = await self._labels.find_one({"_id": series})
            if again is None or again["run"] == head["run"]:
                return found
            head = again  # another run has taken its place, and its parts with it
        return {}

    async def _read(self, series: str, head: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key in _parts(series, head):
            document = await self._labels.find_one({"_id": key, "run": head["run"]})
            if document is None:
                return {}
            raw = bytes(document["ids"])
            labels = np.frombuffer(document["labels"], "<u4")
            for place, label in enumerate(labels):
                found[str(uuid.UUID(bytes=raw[16 * place : 16 * place + 16]))] = document["names"][label]
        return found

    @guarded
    async def keep(self, series: str, labels: Mapping[str, str]) -> None:
        """Replace the labels of a series in one step: a crash before it leaves those of the run before."""
        names = sorted(set(labels.values()))
        place = {name: number for number, name in enumerate(names)}
        items = sorted(labels.items())
        starts = range(0, len(items), _CHUNK)
        common = {"schema": SCHEMA, "run": uuid.uuid4().hex, "expires_at": utc_now() + KEPT}
        head = common | {"_id": series, "parts": len(starts), "layout": _LAYOUT, "written_at": utc_now()}
        for key, start in zip(_parts(series, head), starts, strict=True):
            chunk = items[start : start + _CHUNK]
            document = common | {
                "_id": key,
                "names": names,
                "ids": Binary(b"".join(uuid.UUID(asset_id).bytes for asset_id, _ in chunk)),
                "labels": Binary(np.array([place[label] for _, label in chunk], "<u4").tobytes()),
            }
            await self._labels.insert_one(document)
        before = await self._labels.find_one_and_replace(
            {"_id": series}, head, upsert=True, return_document=ReturnDocument.BEFORE
        )
        if before is not None:
            await self._labels.delete_many({"_id": {"$in": _parts(series, before)}})


def _parts(series: str, head: Mapping[str, Any]) -> list[str]:
    # Of the first layout, where a run wrote over the parts of the one before.
    of_run = f"{series}#{head['run']}" if "layout" in head else series
    return [f"{of_run}#{number}" for number in range(head["parts"])]
