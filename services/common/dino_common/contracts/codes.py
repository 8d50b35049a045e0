"""Error codes of the REST surface, each with its HTTP status and what to do about it."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Machine-readable reason of a failed request; the value is what clients compare with."""

    ASSET_NOT_FOUND = "ASSET_NOT_FOUND"
    INVALID_FILE_FORMAT = "INVALID_FILE_FORMAT"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    GPU_MEMORY_ERROR = "GPU_MEMORY_ERROR"
    MODEL_NOT_LOADED = "MODEL_NOT_LOADED"
    PROCESSING_FAILED = "PROCESSING_FAILED"
    INVALID_REQUEST = "INVALID_REQUEST"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    RATE_LIMITED = "RATE_LIMITED"
    JOB_NOT_FOUND = "JOB_NOT_FOUND"
    CONFLICT = "CONFLICT"
    TIMEOUT = "TIMEOUT"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


HTTP_STATUS: dict[ErrorCode, int] = {
    ErrorCode.ASSET_NOT_FOUND: 404,
    ErrorCode.INVALID_FILE_FORMAT: 400,
    ErrorCode.FILE_TOO_LARGE: 413,
    ErrorCode.GPU_MEMORY_ERROR: 500,
    ErrorCode.MODEL_NOT_LOADED: 503,
    ErrorCode.PROCESSING_FAILED: 500,
    ErrorCode.INVALID_REQUEST: 422,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.JOB_NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.SERVICE_UNAVAILABLE: 503,
}

ADVICE: dict[ErrorCode, str] = {
    ErrorCode.ASSET_NOT_FOUND: "The asset does not exist or was deleted; check the id.",
    ErrorCode.INVALID_FILE_FORMAT: "Upload a whole JPEG, PNG, WEBP, MP4, MOV, MKV or WebM file.",
    ErrorCode.FILE_TOO_LARGE: "Compress or resize the file, or send fewer bytes.",
    ErrorCode.GPU_MEMORY_ERROR: "The accelerator ran out of memory; lower the batch size or retry later.",
    ErrorCode.MODEL_NOT_LOADED: "The model is not serving; see /api/v1/health.",
    ErrorCode.PROCESSING_FAILED: "The request was valid but could not be processed; retry or check the file.",
    ErrorCode.INVALID_REQUEST: "A field is missing, unknown or out of range; the message names it.",
    ErrorCode.UNAUTHORIZED: "Send a valid X-API-Key, or Authorization: Bearer.",
    ErrorCode.FORBIDDEN: "The key is valid but lacks the scope that this operation needs.",
    ErrorCode.NOT_FOUND: "No such path; see /docs.",
    ErrorCode.METHOD_NOT_ALLOWED: "The path exists, but not with this method; see the Allow header.",
    ErrorCode.RATE_LIMITED: "Wait for the seconds in Retry-After.",
    ErrorCode.JOB_NOT_FOUND: "The job does not exist or has expired.",
    ErrorCode.CONFLICT: "The request collides with another one, or with what is stored.",
    ErrorCode.TIMEOUT: "The work did not finish within the deadline; retry, or use a job.",
    ErrorCode.SERVICE_UNAVAILABLE: "A part of the platform is down or full; retry after Retry-After seconds.",
}
