"""Features: one vector for every content and model version. Written by the inference service alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class FeatureRecord:
    """Features of one content.

    Attributes:
        model: name for people; model_version: what makes vectors comparable.
        vector: float32 (dimension,), L2-normalised.
        length: what the vector was divided by, with which centring can be undone; None where it is not kept.
        space: None for features of the visual model; ``image_text`` for vectors that are compared with texts.
        labels: classes that the picture looks like, with probabilities, where the model has classes.
    """

    sha256: str
    model: str
    model_version: str
    vector: np.ndarray
    dimension: int
    created_at: datetime
    length: float | None = None
    space: str | None = None
    labels: tuple[tuple[str, float], ...] = ()


def _key(sha256: str, model_version: str) -> str:
    return f"{sha256}:{model_version}"


def _record(document: Mapping[str, Any]) -> FeatureRecord:
    return FeatureRecord(
        sha256=document["sha256"],
        model=document["model"],
        model_version=document["model_version"],
        vector=np.frombuffer(document["vector"], dtype="<f4"),
        dimension=document["dimension"],
        created_at=document["created_at"],
        length=document.get("length"),
        space=document.get("space"),
        labels=tuple((name, share) for name, share in document.get("labels", ())),
    )


class FeatureStore:
    """The ``features`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._features = mongo.db["features"]

    @guarded
    async def put(self, record: FeatureRecord) -> None:
        """Store features; repeating it replaces them.

        Raises:
            ValueError: the vector is not of shape (dimension,).
        """
        vector = np.ascontiguousarray(record.vector, dtype="<f4")
        if vector.shape != (record.dimension,):
            raise ValueError(f"a vector of shape {vector.shape} is not ({record.dimension},)")
        key = _key(record.sha256, record.model_version)
        document = {
            "_id": key,
            "schema": SCHEMA,
            "sha256": record.sha256,
            "model": record.model,
            "model_version": record.model_version,
            "vector": Binary(vector.tobytes()),
            "dimension": record.dimension,
            "created_at": to_milliseconds(record.created_at),
        }
        if record.length is not None:
            document["length"] = record.length
        if record.space is not None:
            document |= {"space": record.space, "labels": [list(label) for label in record.labels]}
        try:
            await self._features.replace_one({"_id": key}, document, upsert=True)
        except DuplicateKeyError:
            # Two upserts of one new key: the server may refuse the second; what is stored is of the same content.
            await self._features.replace_one({"_id": key}, document)

    @guarded
    async def get(self, sha256: str, model_version: str) -> FeatureRecord | None:
        """Return the features of a content, or None."""
        document = await self._features.find_one({"_id": _key(sha256, model_version)})
        return None if document is None else _record(document)

    @guarded
    async def get_many(self, sha256s: Sequence[str], model_version: str) -> dict[str, FeatureRecord]:
        """Return the features that exist, by content hash."""
        found: dict[str, FeatureRecord] = {}
        for keys in _chunks(sha256s, model_version):
            async for document in self._features.find({"_id": {"$in": keys}}):
                found[document["sha256"]] = _record(document)
        return found

    @guarded
    async def exists_many(self, sha256s: Sequence[str], model_version: str) -> set[str]:
        """Return which contents have features, without reading vectors."""
        found: set[str] = set()
        for keys in _chunks(sha256s, model_version):
            async for document in self._features.find({"_id": {"$in": keys}}, {"sha256": 1}):
                found.add(document["sha256"])
        return found

    @guarded
    async def versions(self, sha256: str) -> list[str]:
        """Return the model versions of which a content has features."""
        return await self._features.distinct("model_version", {"sha256": sha256})

    @guarded
    async def delete(self, sha256: str) -> int:
        """Remove a content's features of every version; return how many there were."""
        return (await self._features.delete_many({"sha256": sha256})).deleted_count

    @guarded
    async def delete_version(self, model_version: str, limit: int) -> list[str]:
        """Remove at most ``limit`` features of a version; return the content hashes, none once all are gone."""
        query = {"model_version": model_version}
        found = await self._features.find(query, {"sha256": 1}).limit(limit).to_list()
        if found:
            await self._features.delete_many({"_id": {"$in": [document["_id"] for document in found]}})
        return [document["sha256"] for document in found]

    @guarded
    async def count(self, model_version: str | None = None) -> int:
        """Return how many contents have features of the version, or how many features of visual models there are."""
        query = {"space": None} if model_version is None else {"model_version": model_version}
        return await self._features.count_documents(query)


def _chunks(sha256s: Sequence[str], model_version: str) -> list[list[str]]:
    keys = [_key(sha256, model_version) for sha256 in dict.fromkeys(sha256s)]
    return [keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)]
