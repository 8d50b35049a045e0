"""What an operation is: the one declaration that routes, subjects, OpenAPI and SDK methods are built from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from .codes import ErrorCode


class Service(StrEnum):
    """Part of the platform that owns an operation."""

    GATEWAY = "gateway"
    INFERENCE = "inference"
    VIDEO = "video"
    ANALYTICS = "analytics"


class RateClass(StrEnum):
    """Which rate limit counts a request; NONE is for probes."""

    DEFAULT = "default"
    UPLOAD = "upload"
    BATCH = "batch"
    NONE = "none"


class Scope(StrEnum):
    """What a credential must allow; PUBLIC operations need none."""

    PUBLIC = "public"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Body(StrEnum):
    """How a request arrives or an answer leaves, beyond plain JSON."""

    JSON = "json"
    MULTIPART = "multipart"
    BINARY = "binary"
    EVENTS = "events"
    TEXT = "text"


_PATH_PARAM = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One capability of the platform.

    Attributes:
        name: unique, in kebab case; also the last token of its NATS subject.
        service: the owner; it must register exactly one handler for the name.
        request: model of path, query and body fields together. Fields named in the path are taken from
            there; the rest is the query of a GET or DELETE and the JSON body of any other method.
        response: model of the answer; None for answers that are not JSON.
        method, path: HTTP method and path below the base path; None for an operation of the bus alone.
        status: HTTP status of success.
        timeout_s: deadline in seconds from the arrival at the gateway.
        job: runs on the work queue; answers 202 unless it finishes within ``?wait=``.
        idempotency: accepts an Idempotency-Key header.
        errors: codes it may answer with beside those that every operation has.
        field_scopes: optional fields that need a further scope when they are given, and which.
        drawing: name of the answer's field that holds a Drawing, which ``Accept: image/png`` brings alone.
    """

    name: str
    service: Service
    request: type[BaseModel]
    response: type[BaseModel] | None
    method: str | None = None
    path: str | None = None
    summary: str = ""
    description: str = ""
    tag: str = "system"
    status: int = 200
    rate: RateClass = RateClass.DEFAULT
    scope: Scope = Scope.READ
    timeout_s: float = 30.0
    job: bool = False
    idempotency: bool = False
    takes: Body = Body.JSON
    gives: Body = Body.JSON
    media_type: str = "application/json"
    errors: tuple[ErrorCode, ...] = field(default=())
    field_scopes: tuple[tuple[str, Scope], ...] = ()
    drawing: str | None = None

    @property
    def path_fields(self) -> tuple[str, ...]:
        """Names between braces in the path, in order."""
        return tuple(_PATH_PARAM.findall(self.path or ""))

    @property
    def is_public(self) -> bool:
        """Whether the operation has a REST route."""
        return self.path is not None


def operation_errors(operation: Operation) -> tuple[ErrorCode, ...]:
    """Return every code the operation may answer with, its own first, without repetition."""
    common: list[ErrorCode] = [ErrorCode.INVALID_REQUEST]
    if operation.scope is not Scope.PUBLIC:
        common += [ErrorCode.UNAUTHORIZED, ErrorCode.FORBIDDEN]
    if operation.rate is not RateClass.NONE:
        common.append(ErrorCode.RATE_LIMITED)
    common += [ErrorCode.PROCESSING_FAILED, ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.TIMEOUT]
    if operation.idempotency:
        common.append(ErrorCode.CONFLICT)
    return tuple(dict.fromkeys((*operation.errors, *common)))
