"""Which label each picture had in the last run of a series."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from bson.binary import Binary

from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

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
        found: dict[str, str] = {}
        head = await self._labels.find_one({"_id": series})
        for number in range(head["parts"] if head else 0):
            document = await self._labels.find_one({"_id": f"{series}#{number}", "run": head["run"] if head else ""})
            if document is None:
                return {}  # another run is just being written
            raw = bytes(document["ids"])
            labels = np.frombuffer(document["labels"], "<u4")
            for place, label in enumerate(labels):
                found[str(uuid.UUID(bytes=raw[16 * place : 16 * place + 16]))] = document["names"][label]
        return found

    @guarded
    async def keep(self, series: str, labels: Mapping[str, str]) -> None:
        """Replace the labels of a series."""
        run = uuid.uuid4().hex
        names = sorted(set(labels.values()))
        place = {name: number for number, name in enumerate(names)}
        items = sorted(labels.items())
        now, parts = utc_now(), 0
        for start in range(0, len(items), _CHUNK):
            chunk = items[start : start + _CHUNK]
            document = {
                "_id": f"{series}#{parts}",
                "schema": SCHEMA,
                "expires_at": now + KEPT,
                "run": run,
                "names": names,
                "ids": Binary(b"".join(uuid.UUID(asset_id).bytes for asset_id, _ in chunk)),
                "labels": Binary(np.array([place[label] for _, label in chunk], "<u4").tobytes()),
            }
            await self._labels.replace_one({"_id": document["_id"]}, document, upsert=True)
            parts += 1
        head = {
            "_id": series,
            "schema": SCHEMA,
            "expires_at": now + KEPT,
            "run": run,
            "parts": parts,
            "written_at": now,
        }
        await self._labels.replace_one({"_id": series}, head, upsert=True)
