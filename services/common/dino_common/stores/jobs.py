"""Jobs as documents: what was asked, how far it is, and how it ended; an ended job never changes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bson.binary import Binary
from pymongo import DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from dino_common.bus.codec import pack, unpack
from dino_common.contracts.jobs import TERMINAL, JobProgress, JobState
from dino_common.errors import DinoError, JobNotFound, ProcessingFailed
from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds, utc_now

_LARGEST = 15 * 1024 * 1024  # a document may hold 16 MB
_PACKED = ("request", "checkpoint", "result")


def _unstarted() -> JobProgress:
    return JobProgress(stage="queued", done=0, fraction=0.0)


def _in_a_week() -> datetime:
    return utc_now() + timedelta(days=7)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job.

    Attributes:
        request: fields of the operation's request model.
        checkpoint: what the handler saved to resume from; plain values and NumPy arrays.
        result: the operation's answer (plain values and arrays) once succeeded.
        error: ``DinoError.to_wire()`` once failed.
        attempts: workers that began it and neither handed it back nor ended it: more than 1 after a crash.
        setbacks: how often it was put back because a part that it needs was down.
        owner: the worker that has it; None while it waits for one.
        untold: True from its end until an event has told of it.
        expires_at: when the document is removed.
    """

    job_id: str
    operation: str
    service: str
    request: dict[str, Any]
    status: JobState = "queued"
    progress: JobProgress = field(default_factory=_unstarted)
    attempts: int = 0
    setbacks: int = 0
    created_at: datetime = field(default_factory=utc_now)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    result: Any = None
    error: dict[str, Any] | None = None
    checkpoint: Any = None
    owner: str | None = None
    expires_at: datetime = field(default_factory=_in_a_week)
    request_id: str = ""
    untold: bool | None = None

    @property
    def ended(self) -> bool:
        """Whether the job succeeded, failed or was cancelled."""
        return self.status in TERMINAL


_FIELDS = tuple(name for name in JobRecord.__dataclass_fields__ if name != "job_id")


def _packed(value: Any, what: str) -> Binary:
    data = pack(value)
    if len(data) > _LARGEST:
        raise ProcessingFailed(
            f"The job's {what} takes {len(data) >> 20} MB, more than a document holds",
            details="Ask for fewer items in one job.",
        )
    return Binary(data)


def _document(job: JobRecord) -> dict[str, Any]:
    fields = {name: getattr(job, name) for name in _FIELDS if getattr(job, name) is not None}
    fields["progress"] = job.progress.model_dump()
    fields |= {name: _packed(fields[name], name) for name in _PACKED if name in fields}
    return {"_id": job.job_id, "schema": SCHEMA, **fields}


def _record(document: Mapping[str, Any]) -> JobRecord:
    fields = {name: document[name] for name in _FIELDS if name in document}
    fields["progress"] = JobProgress.model_validate(fields["progress"])
    fields |= {name: unpack(bytes(fields[name])) for name in _PACKED if name in fields}
    return JobRecord(job_id=document["_id"], **{"request": {}, **fields})


def _of(worker: str | None) -> dict[str, Any]:
    return {} if worker is None else {"owner": worker}


class JobStore:
    """The ``jobs`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._jobs = mongo.db["jobs"]

    @guarded
    async def create(self, job: JobRecord) -> tuple[JobRecord, bool]:
        """Store a queued job; return it, or the one that has the id already, and whether it is new."""
        job = replace(job, created_at=to_milliseconds(job.created_at), expires_at=to_milliseconds(job.expires_at))
        try:
            await self._jobs.insert_one(_document(job))
        except DuplicateKeyError:
            return await self.get(job.job_id), False
        return job, True

    @guarded
    async def get(self, job_id: str) -> JobRecord:
        """Return a job.

        Raises:
            JobNotFound: no job has this id, or it has expired.
        """
        document = await self._jobs.find_one({"_id": job_id})
        if document is None:
            raise JobNotFound(f"Job {job_id} not found")
        return _record(document)

    @guarded
    async def list(
        self, limit: int, cursor: str | None = None, status: str | None = None, operation: str | None = None
    ) -> tuple[list[JobRecord], str | None]:
        """Return a page, newest first and without requests, checkpoints and results, and the next cursor.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        conditions: dict[str, Any] = older_than(cursor, "created_at")
        if status is not None:
            conditions["status"] = status
        if operation is not None:
            conditions["operation"] = operation
        found = self._jobs.find(conditions, dict.fromkeys(_PACKED, 0))
        documents = await found.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].created_at, records[-1].job_id)

    @guarded
    async def under_way(self, service: str) -> Sequence[JobRecord]:
        """Return a service's jobs that have not ended, with their requests, without checkpoints."""
        wanted = {"status": {"$in": ["queued", "running"]}, "service": service}
        found = self._jobs.find(wanted, {"checkpoint": 0, "result": 0})
        return [_record(document) async for document in found]

    @guarded
    async def waiting_since(self, seconds: float) -> Sequence[JobRecord]:
        """Return jobs older than so many seconds that have not ended, without requests and checkpoints."""
        before = utc_now() - timedelta(seconds=seconds)
        wanted = {"status": {"$in": ["queued", "running"]}, "created_at": {"$lt": before}}
        return [_record(document) async for document in self._jobs.find(wanted, dict.fromkeys(_PACKED, 0))]

    @guarded
    async def unended(self, job_ids: Sequence[str]) -> set[str]:
        """Return those of the ids whose jobs have not ended."""
        wanted = {"_id": {"$in": list(job_ids)}, "status": {"$in": ["queued", "running"]}}
        return {document["_id"] async for document in self._jobs.find(wanted, {"_id": 1})}

    @guarded
    async def begin(self, job_id: str, worker: str) -> JobRecord | None:
        """Mark the job as run by this worker and count the attempt; None when it has ended or was cancelled.

        Raises:
            JobNotFound: no job has this id.
        """
        document = await self._change(
            {"_id": job_id, "status": {"$in": ["queued", "running"]}, "cancel_requested": False},
            {
                "$set": {"status": "running", "owner": worker},
                "$inc": {"attempts": 1},
                "$min": {"started_at": utc_now()},
            },
        )
        if document is not None:
            return _record(document)
        if (job := await self.get(job_id)).cancel_requested and not job.ended:
            await self.cancelled(job_id)
        return None

    @guarded
    async def hand_back(self, job_id: str, worker: str, *, setback: bool = False) -> None:
        """Leave a running job to the next worker: this one's attempt does not count, and nobody has it.

        Nothing happens when another worker has it or it has ended. ``setback`` counts one.
        """
        await self._jobs.update_one(
            {"_id": job_id, "status": "running", "owner": worker},
            {"$unset": {"owner": ""}, "$inc": {"attempts": -1, "setbacks": int(setback)}},
        )

    @guarded
    async def progress(
        self, job_id: str, progress: JobProgress, checkpoint: Any = None, worker: str | None = None
    ) -> JobRecord:
        """Store how far a running job is, and a checkpoint when given; return the job as it stands.

        A job that has ended meanwhile, or that another than the given worker has, stays as it is and is returned.
        """
        changes: dict[str, Any] = {"progress": progress.model_dump()}
        if checkpoint is not None:
            changes["checkpoint"] = _packed(checkpoint, "checkpoint")
        document = await self._change({"_id": job_id, "status": "running", **_of(worker)}, {"$set": changes})
        return await self.get(job_id) if document is None else _record(document)

    @guarded
    async def succeed(self, job_id: str, result: Any, worker: str | None = None) -> JobRecord:
        """End the job with its answer, unless another than the given worker has it; return the job as it stands.

        Raises:
            ProcessingFailed: the answer is larger than a document holds.
        """
        changes = {"status": "succeeded", "result": _packed(result, "result"), "progress.fraction": 1.0}
        return await self._end(job_id, changes, worker)

    @guarded
    async def fail(self, job_id: str, error: DinoError, worker: str | None = None) -> JobRecord:
        """End the job with an error, unless another than the given worker has it; return the job as it stands."""
        return await self._end(job_id, {"status": "failed", "error": error.to_wire()}, worker)

    @guarded
    async def cancelled(self, job_id: str) -> JobRecord:
        """End the job as cancelled; return the job as it stands."""
        return await self._end(job_id, {"status": "cancelled", "cancel_requested": True})

    @guarded
    async def request_cancel(self, job_id: str) -> JobRecord:
        """Cancel a job that no worker has at once, ask the worker of another to stop; return the job as it stands.

        Raises:
            JobNotFound: no job has this id.
        """
        document = await self._change(
            {"_id": job_id, "status": {"$in": ["queued", "running"]}, "owner": None},
            {"$set": {"status": "cancelled", "cancel_requested": True, "finished_at": utc_now(), "untold": True}},
        ) or await self._change({"_id": job_id, "status": "running"}, {"$set": {"cancel_requested": True}})
        return await self.get(job_id) if document is None else _record(document)

    @guarded
    async def told(self, job_id: str) -> None:
        """Note that an event has told of the job's end."""
        await self._jobs.update_one({"_id": job_id}, {"$unset": {"untold": ""}})

    @guarded
    async def untold(self, seconds: float, limit: int = 100) -> Sequence[JobRecord]:
        """Return jobs that ended more than so long ago and were not told of, without requests and results."""
        ended_before = utc_now() - timedelta(seconds=seconds)
        found = self._jobs.find({"untold": True, "finished_at": {"$lt": ended_before}}, dict.fromkeys(_PACKED, 0))
        return [_record(document) async for document in found.limit(limit)]

    @guarded
    async def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state that occurs."""
        found = await self._jobs.aggregate([{"$group": {"_id": "$status", "n": {"$sum": 1}}}])
        return {document["_id"]: int(document["n"]) async for document in found}

    async def _end(self, job_id: str, changes: dict[str, Any], worker: str | None = None) -> JobRecord:
        document = await self._change(
            {"_id": job_id, "status": {"$in": ["queued", "running"]}, **_of(worker)},
            {"$set": {**changes, "finished_at": utc_now(), "untold": True}, "$unset": {"checkpoint": ""}},
        )
        return await self.get(job_id) if document is None else _record(document)

    async def _change(self, conditions: dict[str, Any], update: dict[str, Any]) -> dict[str, Any] | None:
        return await self._jobs.find_one_and_update(conditions, update, return_document=ReturnDocument.AFTER)
