"""What analyses of films have found, shot by shot. Written by the video service alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.binary import Binary
from pymongo import ASCENDING, UpdateOne

from dino_common.bus.codec import pack, unpack
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

# As long as the job that would have finished it.
_UNFINISHED_DAYS = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AnalysisRecord:
    """A finished analysis of a film.

    Attributes:
        analysis_id: of the job that made it.
        total_shots: how many shots it found.
        keyframes: whether it stored keyframes.
        facts: further fields of its answer, plain values.
    """

    video_asset_id: str
    analysis_id: str
    total_shots: int
    keyframes: bool
    facts: dict[str, Any] = field(default_factory=dict)
    finished_at: datetime = field(default_factory=utc_now)


class AnalysisStore:
    """The collections ``analyses`` (the newest of each film) and ``analyzed_shots`` (one document a shot).

    Of a film two analyses are kept: the newest one, and the newest one with keyframes; often they are the same.
    Shots of an analysis that never finishes expire. Every method raises ServiceUnavailable while MongoDB does not
    answer.
    """

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._heads = mongo.db["analyses"]
        self._shots = mongo.db["analyzed_shots"]

    @guarded
    async def put_shots(self, video_asset_id: str, analysis_id: str, first: int, shots: Sequence[Any]) -> None:
        """Store consecutive shots from number ``first`` on; the same number again takes the place of the first.

        Args:
            video_asset_id, analysis_id: whose they are.
            first: number of the first one, from 1.
            shots: plain values and NumPy arrays.
        """
        expires = utc_now() + timedelta(days=_UNFINISHED_DAYS)
        changes = []
        for number, shot in enumerate(shots, start=first):
            key = f"{video_asset_id}:{analysis_id}:{number:07d}"
            document = {
                "_id": key,
                "schema": SCHEMA,
                "video_asset_id": video_asset_id,
                "analysis_id": analysis_id,
                "number": number,
                "shot": Binary(pack(shot)),
            }
            # One of a finished analysis does not expire, also when a job that could not tell its end stores it again.
            changes.append(
                UpdateOne({"_id": key}, {"$set": document, "$setOnInsert": {"expires_at": expires}}, upsert=True)
            )
        if changes:
            # In order, so that no gap is left where a worker dies.
            await self._shots.bulk_write(changes, ordered=True)

    @guarded
    async def count(self, video_asset_id: str, analysis_id: str) -> int:
        """Return how many shots are stored without a gap: those with the numbers 1 to this."""
        of_run = {"video_asset_id": video_asset_id, "analysis_id": analysis_id}
        found = self._shots.find(of_run, {"_id": 0, "number": 1}).sort("number", ASCENDING)
        done = 0
        # Later ones alone are of a worker that stored them after what stood before them was removed.
        async for document in found:
            if document["number"] != done + 1:
                break
            done += 1
        return done

    @guarded
    async def shots(self, video_asset_id: str, analysis_id: str, after: int, limit: int) -> list[Any]:
        """Return the shots with the numbers ``after`` + 1 to ``after`` + ``limit``, as they were stored."""
        wanted = {
            "video_asset_id": video_asset_id,
            "analysis_id": analysis_id,
            "number": {"$gt": after, "$lte": after + limit},
        }
        found = await self._shots.find(wanted, {"shot": 1}).sort("number", ASCENDING).to_list()
        return [unpack(bytes(document["shot"])) for document in found]

    async def unfinished(
        self, video_asset_id: str, batch: int = 200, without: str | None = None
    ) -> AsyncIterator[list[Any]]:
        """Yield the shots of the film's analyses that have not finished, but for one, a batch at a time."""
        last = ""
        while True:
            wanted: dict[str, Any] = {"video_asset_id": video_asset_id, "_id": {"$gt": last}}
            wanted |= {"expires_at": {"$exists": True}, "analysis_id": {"$ne": without}}
            with self._mongo.guard():
                documents = await self._shots.find(wanted, {"shot": 1}).sort("_id", ASCENDING).limit(batch).to_list()
            if documents:
                yield [unpack(bytes(document["shot"])) for document in documents]
            if len(documents) < batch:
                return
            last = documents[-1]["_id"]

    @guarded
    async def finish(self, record: AnalysisRecord) -> None:
        """Make this the newest analysis of its film; those that nothing names any more are removed.

        Of one film one process at a time: under the film's lock. Where it breaks off, ``unsettled`` names the film and
        ``settle`` does the rest.
        """
        film = record.video_asset_id
        document = {
            "schema": SCHEMA,
            "video_asset_id": film,
            "analysis_id": record.analysis_id,
            "total_shots": record.total_shots,
            "keyframes": record.keyframes,
            "facts": Binary(pack(record.facts)),
            "finished_at": record.finished_at,
            "unsettled": True,
        }
        # First what names them, then the shots themselves: there are never shots that stay and that nothing names.
        for keyframes in (False, True) if record.keyframes else (False,):
            await self._heads.replace_one({"_id": _key(film, keyframes)}, document, upsert=True)
        await self.settle(film)

    @guarded
    async def settle(self, video_asset_id: str) -> None:
        """Keep the shots of the analyses that the film has, and remove those of analyses that it had.

        Under the film's lock; may be done again.
        """
        of_film = {"video_asset_id": video_asset_id}
        named = [head["analysis_id"] async for head in self._heads.find(of_film, {"analysis_id": 1})]
        expiring = {"expires_at": {"$exists": True}}
        await self._shots.update_many(
            of_film | {"analysis_id": {"$in": named}} | expiring, {"$unset": {"expires_at": ""}}
        )
        await self._shots.delete_many(of_film | {"analysis_id": {"$nin": named}, "expires_at": {"$exists": False}})
        await self._heads.update_many(of_film | {"unsettled": True}, {"$unset": {"unsettled": ""}})

    @guarded
    async def unsettled(self, limit: int = 100) -> list[str]:
        """Return films whose newest analysis was made known and not settled, as after a crash."""
        found = self._heads.find({"unsettled": True}, {"video_asset_id": 1}).limit(2 * limit)
        return list(dict.fromkeys([head["video_asset_id"] async for head in found]))[:limit]

    @guarded
    async def unfinished_runs(self) -> list[tuple[str, str]]:
        """Return film and id of the analyses that have shots and have not finished, of every film."""
        # Shots are kept in order, so that the first one stands for them.
        wanted = {"expires_at": {"$gt": _EPOCH}, "number": 1}
        found = self._shots.find(wanted, {"video_asset_id": 1, "analysis_id": 1})
        return [(shot["video_asset_id"], shot["analysis_id"]) async for shot in found]

    @guarded
    async def drop(self, video_asset_id: str, analysis_id: str) -> None:
        """Remove the shots of an analysis that will never finish; those of a finished one stay."""
        of_run = {"video_asset_id": video_asset_id, "analysis_id": analysis_id}
        await self._shots.delete_many(of_run | {"expires_at": {"$exists": True}})

    @guarded
    async def newest(self, video_asset_id: str, *, keyframes: bool = False) -> AnalysisRecord | None:
        """Return the newest finished analysis of a film, or the newest with keyframes; None when there is none."""
        document = await self._heads.find_one({"_id": _key(video_asset_id, keyframes)})
        return None if document is None else _record(document)

    @guarded
    async def films(self) -> list[str]:
        """Return the films that have a finished analysis."""
        found = await self._heads.aggregate([{"$group": {"_id": "$video_asset_id"}}])
        return [group["_id"] async for group in found]

    @guarded
    async def delete_of(self, video_asset_id: str) -> None:
        """Remove everything that was found of a film."""
        await self._heads.delete_many({"video_asset_id": video_asset_id})
        await self._shots.delete_many({"video_asset_id": video_asset_id})


def _key(video_asset_id: str, keyframes: bool) -> str:
    return f"{video_asset_id}:keyframes" if keyframes else video_asset_id


def _record(document: Mapping[str, Any]) -> AnalysisRecord:
    return AnalysisRecord(
        document["video_asset_id"],
        document["analysis_id"],
        document["total_shots"],
        document["keyframes"],
        unpack(bytes(document["facts"])),
        document["finished_at"],
    )
