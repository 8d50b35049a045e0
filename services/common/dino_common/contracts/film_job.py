"""What the jobs on one film share."""

from __future__ import annotations

from .base import Request, Response
from .codes import ErrorCode
from .operation import Operation, RateClass, Scope, Service

_AS_JOB = (
    "Runs as a job: answers directly when it finishes within `?wait=` seconds (default 30), else 202 with the job to "
    "follow."
)


def film_job(
    name: str, request: type[Request], response: type[Response], summary: str, description: str = ""
) -> Operation:
    """Return the declaration of a job that looks at a film."""
    return Operation(
        name=name,
        service=Service.VIDEO,
        method="POST",
        path=f"/{name}",
        request=request,
        response=response,
        tag="video",
        summary=summary,
        description=f"{description} {_AS_JOB}".lstrip(),
        rate=RateClass.BATCH,
        scope=Scope.WRITE,
        timeout_s=86_400,
        job=True,
        errors=(
            ErrorCode.ASSET_NOT_FOUND,
            ErrorCode.INVALID_FILE_FORMAT,
            ErrorCode.FILE_TOO_LARGE,
            ErrorCode.MODEL_NOT_LOADED,
            ErrorCode.GPU_MEMORY_ERROR,
        ),
    )
