"""A stored job as the REST surface shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dino_common import problems
from dino_common.contracts.base import ErrorDetail
from dino_common.errors import DinoError, ProcessingFailed, from_wire
from dino_common.stores.jobs import JobRecord

BASE_PATH = "/api/v1"


def status_url(job_id: str) -> str:
    """Path of the job."""
    return f"{BASE_PATH}/jobs/{job_id}"


def events_url(job_id: str) -> str:
    """Path of the job's events."""
    return f"{BASE_PATH}/jobs/{job_id}/events"


def job_error(record: JobRecord) -> DinoError | None:
    """Return why the job failed or was cancelled, or None."""
    if record.status == "failed":
        return from_wire(record.error or {})
    if record.status == "cancelled":
        return ProcessingFailed("The job was cancelled", details="Send the request again to start a new job.")
    return None


def job_fields(record: JobRecord, *, with_result: bool = True) -> dict[str, Any]:
    """Return the fields of the ``Job`` model as plain values (arrays in the result stay arrays)."""
    error: ErrorDetail | None = None
    if record.status == "failed" and (known := job_error(record)) is not None:
        error = problems.detail(known, record.request_id)
    return {
        "job_id": record.job_id,
        "operation": record.operation,
        "status": record.status,
        "progress": record.progress.model_dump(),
        "attempts": record.attempts,
        "created_at": _time(record.created_at),
        "started_at": _time(record.started_at),
        "finished_at": _time(record.finished_at),
        "cancel_requested": record.cancel_requested,
        "result": record.result if with_result else None,
        "error": error.model_dump() if error else None,
        "status_url": status_url(record.job_id),
        "events_url": events_url(record.job_id),
    }


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
