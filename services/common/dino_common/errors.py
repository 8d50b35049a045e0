"""Typed errors: raised where the fault is known, carried over the bus by code, shown as the REST error body."""

from __future__ import annotations

from typing import Any, ClassVar

from dino_common.contracts.codes import ADVICE, HTTP_STATUS, ErrorCode


class DinoError(Exception):
    """Base of every error a client may see.

    Args:
        message: one sentence for people, without secrets or paths.
        details: what to do about it; the code's general advice when left out.
        retry_after: seconds after which a retry makes sense.
    """

    code: ClassVar[ErrorCode] = ErrorCode.PROCESSING_FAILED

    def __init__(self, message: str, *, details: str | None = None, retry_after: float | None = None) -> None:
        """Keep what the REST body and the bus carry."""
        super().__init__(message)
        self.message = message
        self.details = details if details is not None else ADVICE[self.code]
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """HTTP status that belongs to the code."""
        return HTTP_STATUS[self.code]

    @property
    def passing(self) -> bool:
        """Whether the same work may succeed later as it is: a part is down, full or in the middle of a change."""
        return self.status == 503 or self.retry_after is not None

    def to_wire(self) -> dict[str, Any]:
        """Return the fields that cross the bus."""
        return {
            "code": self.code.value,
            "message": self.message,
            "details": self.details,
            "retry_after": self.retry_after,
        }


class AssetNotFound(DinoError):
    """No live asset has this id."""

    code = ErrorCode.ASSET_NOT_FOUND


class InvalidFileFormat(DinoError):
    """The bytes are not a whole file of an accepted type."""

    code = ErrorCode.INVALID_FILE_FORMAT


class FileTooLarge(DinoError):
    """More bytes or pixels than the limit."""

    code = ErrorCode.FILE_TOO_LARGE


class GpuMemoryError(DinoError):
    """The accelerator ran out of memory also for the halved batch."""

    code = ErrorCode.GPU_MEMORY_ERROR


class ModelNotLoaded(DinoError):
    """No process serves the model."""

    code = ErrorCode.MODEL_NOT_LOADED


class ProcessingFailed(DinoError):
    """A valid request that could not be processed."""

    code = ErrorCode.PROCESSING_FAILED


class InvalidRequest(DinoError):
    """A field is missing, unknown, of the wrong type or out of range."""

    code = ErrorCode.INVALID_REQUEST


class Unauthorized(DinoError):
    """No credential, or one that is not valid."""

    code = ErrorCode.UNAUTHORIZED


class Forbidden(DinoError):
    """A valid credential without the needed scope."""

    code = ErrorCode.FORBIDDEN


class NotFound(DinoError):
    """A path or a thing other than an asset or a job that does not exist."""

    code = ErrorCode.NOT_FOUND


class MethodNotAllowed(DinoError):
    """The path exists with other methods."""

    code = ErrorCode.METHOD_NOT_ALLOWED


class RateLimited(DinoError):
    """More requests than the limit of this window."""

    code = ErrorCode.RATE_LIMITED


class JobNotFound(DinoError):
    """No job has this id."""

    code = ErrorCode.JOB_NOT_FOUND


class Conflict(DinoError):
    """The request collides with the stored state."""

    code = ErrorCode.CONFLICT


class DeadlineExceeded(DinoError):
    """The work did not finish within its deadline."""

    code = ErrorCode.TIMEOUT


class ServiceUnavailable(DinoError):
    """A service or store is down, draining or full."""

    code = ErrorCode.SERVICE_UNAVAILABLE


_BY_CODE: dict[str, type[DinoError]] = {
    cls.code.value: cls for cls in DinoError.__subclasses__() if "code" in cls.__dict__
}


def from_wire(fields: dict[str, Any]) -> DinoError:
    """Rebuild the typed error that another process raised; an unknown code becomes ProcessingFailed."""
    cls = _BY_CODE.get(str(fields.get("code")), ProcessingFailed)
    return cls(
        str(fields.get("message", "the operation failed")),
        details=fields.get("details"),
        retry_after=fields.get("retry_after"),
    )
