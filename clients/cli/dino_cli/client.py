"""A small synchronous client of the REST surface, built from the contracts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from io import RawIOBase
from typing import IO, Any, Self
from urllib.parse import quote
from uuid import uuid4

import httpx

from dino_cli import backoff
from dino_cli.failures import ApiFailure, Failure, Unreachable, UsageFailure
from dino_common.contracts import OPERATIONS, Operation

_CONNECT_SECONDS = 5.0
# The gateway answers TIMEOUT at the deadline itself; the client waits a little longer to hear it.
_GRACE_SECONDS = 5.0


class Stopped(Exception):
    """The user interrupted the command while this request waited."""


class Client:
    """Calls operations by name. Threads may share one client.

    Args:
        base_url: address with ``/api/v1``.
        api_key: sent as X-API-Key when given.
        on_wait: told the seconds and the reason before each wait.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, on_wait: Callable[[float, str], None] | None = None
    ) -> None:
        """Connect lazily."""
        self.base_url = base_url
        self.stop = threading.Event()
        self._on_wait = on_wait or (lambda seconds, reason: None)
        headers = {"User-Agent": "dino-cli", "Accept": "application/json"}
        if api_key:
            headers["X-API-Key"] = api_key
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        try:
            self.http = httpx.Client(headers=headers, limits=limits, follow_redirects=False)
        except (UnicodeEncodeError, ValueError) as error:
            raise UsageFailure("the API key holds characters that no header may carry") from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.http.close()

    def call(self, name: str, **fields: Any) -> Any:
        """Call an operation; path, query and body are filled from ``fields`` as its declaration says.

        Fields of value None are left out of a query. Returns the parsed answer.

        Raises:
            ApiFailure: the platform answered with an error, after retries where waiting could help.
            Unreachable: nothing answers.
            Stopped: ``stop`` was set.
        """
        operation = OPERATIONS[name]
        path, rest = _fill_path(operation, fields)
        if operation.method in ("GET", "DELETE"):
            query = {key: value for key, value in rest.items() if value is not None}
            return self._send(operation, path, params=query)
        return self._send(operation, path, json=rest)

    def upload(
        self,
        name: str,
        file: IO[bytes] | RawIOBase,
        *,
        tags: list[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Any:
        """Upload a file, streamed; return the upload answer. Errors as in ``call``."""
        form: dict[str, Any] = {}
        if tags:
            # A JSON list, as the gateway would split a plain text at its commas.
            form["tags"] = json.dumps(tags)
        if metadata:
            form["metadata"] = json.dumps(dict(metadata))
        operation = OPERATIONS["upload-media"]
        return self._send(operation, operation.path or "", data=form, files={"file": (name, file)})

    def probe(self, name: str) -> tuple[int, Any]:
        """Call an operation whose 503 is an answer, not a fault; return status and parsed body."""
        operation = OPERATIONS[name]
        answer = self._attempt(operation, operation.path or "", {})
        if answer.status_code not in (200, 503):
            raise ApiFailure(answer.status_code, error_of(answer))
        return answer.status_code, _parsed(answer)

    def url(self, path: str) -> str:
        """Return the full address of a path below the base."""
        return self.base_url + path

    def _send(self, operation: Operation, path: str, **request: Any) -> Any:
        headers = {}
        if operation.idempotency:
            headers["Idempotency-Key"] = str(uuid4())
        repeatable = operation.idempotency or operation.method in ("GET", "PUT", "DELETE", "POST")
        for attempt in range(1, backoff.ATTEMPTS + 1):
            answer = self._attempt(operation, path, headers, **request)
            if answer.is_success:
                return _parsed(answer)
            failure = ApiFailure(answer.status_code, error_of(answer))
            last = attempt == backoff.ATTEMPTS
            if answer.status_code not in backoff.RETRIED_STATUS or not repeatable or last:
                raise failure
            seconds = backoff.wait_before(attempt + 1, backoff.retry_after(answer.headers))
            self._pause(seconds, failure.message)
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, operation: Operation, path: str, headers: dict[str, str], **request: Any) -> httpx.Response:
        """Send once; where the connection fails, again a few times."""
        timeout = httpx.Timeout(operation.timeout_s + _GRACE_SECONDS, connect=_CONNECT_SECONDS)
        for attempt in range(1, backoff.CONNECT_ATTEMPTS + 1):
            if self.stop.is_set():
                raise Stopped
            try:
                return self.http.request(
                    operation.method or "GET", self.url(path), headers=headers, timeout=timeout, **request
                )
            except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError) as error:
                raise UsageFailure(f"{self.base_url!r} is not an http address ({error})") from error
            except httpx.TransportError as error:
                if self.stop.is_set():
                    raise Stopped from error
                if isinstance(error, httpx.ReadTimeout):
                    raise Failure(
                        f"{operation.name} did not answer within {timeout.read:.0f} s",
                        details="See `dino health`",
                        code="TIMEOUT",
                    ) from error
                if attempt == backoff.CONNECT_ATTEMPTS:
                    raise Unreachable(self.base_url, reason_of(error)) from error
                self._pause(backoff.wait_before(attempt + 1), reason_of(error))
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, seconds: float, reason: str) -> None:
        self._on_wait(seconds, reason)
        if self.stop.wait(seconds):
            raise Stopped


def _fill_path(operation: Operation, fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    unknown = set(fields) - set(operation.request.model_fields)
    if unknown:
        raise TypeError(f"{operation.name} has no field {', '.join(sorted(unknown))}")
    parts = {name: quote(str(fields[name]), safe="") for name in operation.path_fields}
    return (operation.path or "").format(**parts), {k: v for k, v in fields.items() if k not in parts}


def _parsed(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise Failure(
            f"{answer.request.url} answered with something other than JSON",
            details="Is this the address of the platform? See --url",
            code="NOT_JSON",
        ) from error


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the ``error`` object of an answer, or one that says that the answer is not the platform's."""
    try:
        error = answer.json()["error"]
        if isinstance(error, dict):
            return error
    except (ValueError, KeyError, TypeError):
        pass
    return {
        "message": f"{answer.request.url} answered with HTTP status {answer.status_code}",
        "details": "The answer is not the platform's; check --url",
        "request_id": answer.headers.get("x-request-id", ""),
    }


def reason_of(error: httpx.TransportError) -> str:
    """Return why a connection failed."""
    return str(error) or type(error).__name__
