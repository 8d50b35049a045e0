"""Shots of the cinematic library. Written by the video service alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from bson.binary import Binary
from pymongo import ASCENDING, DESCENDING, ReplaceOne, UpdateOne

from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds, utc_now

_CHUNK = 500
_NEWEST = [("stored_at", DESCENDING), ("_id", DESCENDING)]


@dataclass(frozen=True, slots=True)
class ShotRecord:
    """A shot as somebody stored it.

    Attributes:
        shot_id: follows from film and times, so that the same shot stored again takes the place of the first.
        number: place in the film from 1, where it was told.
        start_time, end_time: seconds from the start of the film.
        technical_quality: 0–1, or None.
        text: everything known in words, as it was embedded.
        text_vector: float32 (dimension,), of length 1; text_model says which model's.
        analysis: further fields of the analysis, kept as they came.
    """

    shot_id: str
    video_asset_id: str
    number: int | None
    start_time: float
    end_time: float
    movement_type: str
    camera_angle: str
    shot_scale: str
    angle: str
    emotional_tone: str
    technical_quality: float | None
    description: str | None
    technical_notes: str | None
    scene_context: str | None
    tags: list[str]
    keyframe_asset_id: str | None
    text: str
    text_model: str
    text_vector: np.ndarray = field(compare=False)
    analysis: dict[str, Any] = field(default_factory=dict)
    stored_at: datetime = field(default_factory=utc_now)

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end_time - self.start_time


_PLAIN = tuple(name for name in ShotRecord.__dataclass_fields__ if name not in ("shot_id", "text_vector"))


def _document(record: ShotRecord) -> dict[str, Any]:
    vector = Binary(np.ascontiguousarray(record.text_vector, dtype="<f4").tobytes())
    plain = {name: getattr(record, name) for name in _PLAIN}
    return {"_id": record.shot_id, "schema": SCHEMA, **plain, "duration": record.duration, "text_vector": vector}


def _record(document: Mapping[str, Any]) -> ShotRecord:
    vector = np.frombuffer(document["text_vector"], dtype="<f4")
    return ShotRecord(document["_id"], **{name: document[name] for name in _PLAIN}, text_vector=vector)


@dataclass(frozen=True, slots=True)
class ShotConditions:
    """What a shot must be; None is no condition. Durations in seconds, quality 0–1."""

    video_asset_id: str | None = None
    movement_type: str | None = None
    shot_scale: str | None = None
    angle: str | None = None
    emotional_tone: str | None = None
    tag: str | None = None
    min_duration: float | None = None
    max_duration: float | None = None
    min_quality: float | None = None

    def query(self) -> dict[str, Any]:
        """Return the conditions in the document store's words."""
        equal = ("video_asset_id", "movement_type", "shot_scale", "angle", "emotional_tone")
        found: dict[str, Any] = {name: value for name in equal if (value := getattr(self, name)) is not None}
        if self.tag is not None:
            found["tags"] = self.tag
        bounds = {"$gte": self.min_duration, "$lte": self.max_duration}
        if duration := {name: value for name, value in bounds.items() if value is not None}:
            found["duration"] = duration
        if self.min_quality is not None:
            found["technical_quality"] = {"$gte": self.min_quality}
        return found


class ShotStore:
    """The ``shots`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._shots = mongo.db["shots"]
        self._revisions = mongo.db["revisions"]

    @guarded
    async def put(self, records: Sequence[ShotRecord]) -> int:
        """Store shots, each in place of the one with its id; return how many were there already."""
        replaced = 0
        await self._changed()
        for start in range(0, len(records), _CHUNK):
            documents = [_document(record) for record in records[start : start + _CHUNK]]
            for document in documents:
                document["stored_at"] = to_milliseconds(document["stored_at"])
            result = await self._shots.bulk_write(
                [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents], ordered=False
            )
            replaced += result.matched_count
        await self._changed()
        return replaced

    @guarded
    async def embed_again(self, records: Sequence[ShotRecord]) -> None:
        """Give shots the text vectors of these records; one that was stored anew or removed meanwhile stays so."""
        changes = [
            UpdateOne(
                {"_id": record.shot_id, "stored_at": record.stored_at, "text": record.text},
                {"$set": {name: _document(record)[name] for name in ("text_model", "text_vector")}},
            )
            for record in records
        ]
        for start in range(0, len(changes), _CHUNK):
            await self._shots.bulk_write(changes[start : start + _CHUNK], ordered=False)
        await self._changed()

    @guarded
    async def list(
        self, conditions: ShotConditions, limit: int, cursor: str | None = None
    ) -> tuple[list[ShotRecord], str | None]:
        """Return a page, newest first, and the cursor of the next one.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        query = older_than(cursor, "stored_at") | conditions.query()
        documents = await self._shots.find(query).sort(_NEWEST).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].stored_at, records[-1].shot_id)

    @guarded
    async def get_many(self, shot_ids: Sequence[str]) -> dict[str, ShotRecord]:
        """Return the shots that exist, by id."""
        found = await self._shots.find({"_id": {"$in": list(shot_ids)}}).to_list()
        return {document["_id"]: _record(document) for document in found}

    @guarded
    async def keyframes_of(self, video_asset_id: str) -> set[str]:
        """Return the assets that the film's shots name as their keyframes."""
        wanted = {"video_asset_id": video_asset_id, "keyframe_asset_id": {"$ne": None}}
        return {document["keyframe_asset_id"] async for document in self._shots.find(wanted, {"keyframe_asset_id": 1})}

    async def iter_all(self, batch: int = 500) -> AsyncIterator[ShotRecord]:
        """Yield every shot in the order of ids, a batch at a time."""
        last = ""
        while True:
            with self._mongo.guard():
                documents = await self._shots.find({"_id": {"$gt": last}}).sort("_id", ASCENDING).limit(batch).to_list()
            for document in documents:
                yield _record(document)
            if len(documents) < batch:
                return
            last = documents[-1]["_id"]

    @guarded
    async def films(self) -> list[str]:
        """Return the films of which there are shots."""
        found = await self._shots.aggregate([{"$group": {"_id": "$video_asset_id"}}])
        return [group["_id"] async for group in found]

    @guarded
    async def delete_of(self, video_asset_id: str) -> int:
        """Remove every shot of a film; return how many there were."""
        await self._changed()
        gone = (await self._shots.delete_many({"video_asset_id": video_asset_id})).deleted_count
        if gone:
            await self._changed()
        return gone

    @guarded
    async def count(self) -> int:
        """Return how many shots the library holds."""
        return await self._shots.count_documents({})

    @guarded
    async def revision(self) -> int:
        """Return a number that grows with every change of the library, whichever process makes it."""
        document = await self._revisions.find_one({"_id": "shots"})
        return 0 if document is None else int(document["n"])

    async def _changed(self) -> None:
        """Count a change: once before it, or a crash right after it would hide it, and once after it, for those who
        read in between."""
        await self._revisions.update_one({"_id": "shots"}, {"$inc": {"n": 1}}, upsert=True)
