"""Jobs: long work that is followed, waited for and cancelled."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from .base import ErrorDetail, Request, Response, Timestamp, Unit
from .codes import ErrorCode
from .operation import Body, Operation, Scope, Service

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

_JOB_ID = Field(pattern=r"^[A-Za-z0-9\-]{8,64}$", description="As in the 202 answer.")


class JobAccepted(Response):
    """Answer 202: the work goes on; follow it here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": "0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11",
                    "status": "queued",
                    "status_url": "/api/v1/jobs/0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11",
                    "events_url": "/api/v1/jobs/0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11/events",
                }
            ]
        }
    )

    job_id: str
    status: JobState
    status_url: str
    events_url: str


class JobProgress(Response):
    """How far a job is."""

    stage: str = Field(description="What it is doing.")
    done: int = Field(ge=0)
    total: int | None = Field(default=None, ge=0, description="Null while unknown.")
    fraction: Unit
    rate: float | None = Field(default=None, ge=0, description="Items a second.")
    eta_seconds: float | None = Field(default=None, ge=0)


class Job(Response):
    """A job as it stands."""

    job_id: str
    operation: str
    status: JobState
    progress: JobProgress
    attempts: int = Field(ge=0, description="Workers that began it and did not hand it over; 2 or more after a crash.")
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    cancel_requested: bool
    result: Any | None = Field(default=None, description="The operation's answer once it has succeeded.")
    error: ErrorDetail | None = None
    status_url: str
    events_url: str


class JobRequest(Request):
    """A job by id."""

    job_id: str = _JOB_ID


class ListJobsRequest(Request):
    """Which jobs to list, newest first."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=256)
    status: JobState | None = None
    operation: str | None = Field(default=None, max_length=64)


class JobPage(Response):
    """A page of jobs, without their results."""

    items: list[Job]
    next_cursor: str | None


OPERATIONS = (
    Operation(
        name="list-jobs",
        service=Service.GATEWAY,
        method="GET",
        path="/jobs",
        request=ListJobsRequest,
        response=JobPage,
        tag="jobs",
        summary="List jobs, newest first",
    ),
    Operation(
        name="get-job",
        service=Service.GATEWAY,
        method="GET",
        path="/jobs/{job_id}",
        request=JobRequest,
        response=Job,
        tag="jobs",
        summary="State, progress and result of a job",
        errors=(ErrorCode.JOB_NOT_FOUND,),
    ),
    Operation(
        name="cancel-job",
        service=Service.GATEWAY,
        method="DELETE",
        path="/jobs/{job_id}",
        request=JobRequest,
        response=Job,
        tag="jobs",
        summary="Cancel a job",
        description="A finished job stays as it is.",
        scope=Scope.WRITE,
        errors=(ErrorCode.JOB_NOT_FOUND,),
    ),
    Operation(
        name="job-events",
        service=Service.GATEWAY,
        method="GET",
        path="/jobs/{job_id}/events",
        request=JobRequest,
        response=None,
        tag="jobs",
        summary="Follow a job by server-sent events",
        description="Sends `progress` events and ends after one `done` event; each carries the job as JSON.",
        gives=Body.EVENTS,
        media_type="text/event-stream",
        timeout_s=3600,
        errors=(ErrorCode.JOB_NOT_FOUND,),
    ),
)
