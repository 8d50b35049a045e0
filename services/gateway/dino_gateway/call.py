"""One HTTP request on its way through the gateway: who asks for what, and what its answer must carry."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from dino_common.bus.context import Context
from dino_common.contracts import Operation, Scope

_KEY = "dino.call"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:\-]{0,127}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        name: ``key:<id>``, ``jwt:<subject>`` or ``ip:<address>``; safe to log, and what limits count by.
        scopes: what the credential allows.
    """

    name: str
    scopes: frozenset[Scope]


NOBODY = Principal("", frozenset())


@dataclass(slots=True)
class Call:
    """Facts of one request.

    Attributes:
        arrived: seconds since the epoch; the deadline counts from here.
        began: ``time.perf_counter`` at arrival, for durations.
        route: path template below the root, for logs and metrics; empty when no route matched.
        headers: what the answer carries beside its own headers.
        error: code of the error that was answered.
    """

    request_id: str
    client_ip: str
    arrived: float = field(default_factory=time.time)
    began: float = field(default_factory=time.perf_counter)
    operation: Operation | None = None
    route: str = ""
    principal: Principal = NOBODY
    headers: dict[str, str] = field(default_factory=dict)
    error: str = ""

    def seconds(self) -> float:
        """Seconds since arrival."""
        return time.perf_counter() - self.began

    def context(self, operation: Operation) -> Context:
        """Return what travels with the request over the bus."""
        return Context(
            request_id=self.request_id,
            deadline=self.arrived + operation.timeout_s,
            principal=self.principal.name,
            operation=operation.name,
        )


def begin_call(scope: MutableMapping[str, Any]) -> Call:
    """Make the call of an ASGI scope and keep it there; a sane X-Request-ID of the client is taken over."""
    given = header(scope, b"x-request-id")
    client = scope.get("client")
    call = Call(
        request_id=given.decode() if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(16),
        client_ip=client[0] if client else "unknown",
    )
    scope[_KEY] = call
    return call


def call_of(scope: Mapping[str, Any]) -> Call:
    """Return the call that ``begin_call`` kept."""
    return scope[_KEY]


def header(scope: Mapping[str, Any], name: bytes) -> bytes | None:
    """Return the first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return None
