"""Requests to the API server: kept connections, bounded retries, typed faults, counted."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson

from dino_common import __version__
from dino_operator import metrics
from dino_operator.kube.credentials import Credentials
from dino_operator.kube.errors import ApiError, Unauthorized, Unreachable, from_status

Object = dict[str, Any]

JSON, MERGE, APPLY = "application/json", "application/merge-patch+json", "application/apply-patch+yaml"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED = 0.1, 2.0, 10.0
_CONNECT_SECONDS, _IDLE_SECONDS, _MOST_WATCHES = 5.0, 60.0, 1000
# A server that is gone without a word is noticed by the system, also on watches that have nothing to say.
_KEEPALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
        if hasattr(socket, name)
    ),
]


def _socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    for option in _KEEPALIVE:
        made.setsockopt(*option)
    return made


class KubeClient:
    """One API server.

    Args:
        credentials: where and who.
        timeout: seconds to wait for an answer; watches wait as long as they were asked for.
        connections: requests at the same time; watches have connections of their own.
        attempts: how often a request is sent at most.
    """

    def __init__(
        self, credentials: Credentials, *, timeout: float = 15.0, connections: int = 32, attempts: int = 4
    ) -> None:
        """Prepare; nothing is connected yet."""
        self.credentials, self._timeout, self._attempts = credentials, timeout, attempts
        self._connections = connections
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    def _session(self, kind: str, connections: int) -> aiohttp.ClientSession:
        """Return the pool of plain requests or of watches, made in the loop that uses it."""
        found = self._sessions.get(kind)
        if found is None:
            connector = aiohttp.TCPConnector(
                ssl=self.credentials.trust(), limit=connections, keepalive_timeout=_IDLE_SECONDS, socket_factory=_socket
            )
            found = self._sessions[kind] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"dino-operator/{__version__}", "Accept": JSON},
                proxy=self.credentials.proxy,
            )
        return found

    async def request(
        self,
        verb: str,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str | None = None,
        attempts: int | None = None,
    ) -> Any:
        """Send a request and return the answer's JSON.

        A request that may be sent again is: after 429, 5xx or a lost connection, with back-off, and with the wait
        that the server asks for.

        Args:
            verb: for the metrics: get, list, apply, patch, create, delete.
            method, path, params, body, content_type, accept: of HTTP.
            attempts: other than the client's.

        Raises:
            ApiError: one of `dino_operator.kube.errors`.
        """
        content = None if body is None else orjson.dumps(body)
        most, attempt = attempts or self._attempts, 0
        while True:
            attempt += 1
            try:
                return await self._once(verb, method, path, params, content, content_type, accept)
            except ApiError as error:
                if not error.passing or attempt >= most:
                    raise
                if isinstance(error, Unauthorized):
                    await self.credentials.authorization(anew=True)
                wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0)
                await asyncio.sleep(max(wait, min(error.retry_after or 0.0, _LONGEST_ASKED)))

    async def _once(
        self,
        verb: str,
        method: str,
        path: str,
        params: dict[str, Any] | None,
        content: bytes | None,
        content_type: str,
        accept: str | None,
    ) -> Any:
        headers = await self._headers(accept)
        if content is not None:
            headers["Content-Type"] = content_type
        begun = time.perf_counter()
        code = 0
        session = self._session("plain", self._connections)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=self._timeout)
        url = f"{self.credentials.server}{path}"
        try:
            async with session.request(
                method, url, params=params, data=content, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                found, code, after = await answer.read(), answer.status, answer.headers.get("Retry-After")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"{self.credentials.server}: {error or type(error).__name__}") from error
        finally:
            metrics.API_REQUESTS.labels(verb, str(code)).inc()
            metrics.API_SECONDS.labels(verb).observe(time.perf_counter() - begun)
        if code >= 400:
            raise from_status(code, found, after)
        return orjson.loads(found) if found else None

    async def _headers(self, accept: str | None) -> dict[str, str]:
        headers: dict[str, str] = {}
        if (authorization := await self.credentials.authorization()) is not None:
            headers["Authorization"] = authorization
        if accept:
            headers["Accept"] = accept
        return headers

    async def lines(
        self, path: str, params: dict[str, Any], seconds: float, accept: str | None = None
    ) -> AsyncIterator[Any]:
        """Yield the JSON objects of a watch until the server ends it.

        Args:
            path, params: as of a list, with ``watch``.
            seconds: how long the server was asked to keep it open; silence far beyond it is a fault.
            accept: another representation.

        Raises:
            ApiError: it could not begin, or broke.
        """
        headers = await self._headers(accept)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=seconds + 30.0)
        session, url = self._session("watches", _MOST_WATCHES), f"{self.credentials.server}{path}"
        code = 0
        try:
            async with session.get(
                url, params=params, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                code = answer.status
                metrics.API_REQUESTS.labels("watch", str(code)).inc()
                if code >= 400:
                    raise from_status(code, await answer.read(), answer.headers.get("Retry-After"))
                rest = b""
                async for chunk in answer.content.iter_any():
                    *whole, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
                    for line in whole:
                        if line:
                            yield orjson.loads(line)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if code == 0:
                metrics.API_REQUESTS.labels("watch", "0").inc()
            raise Unreachable(f"{self.credentials.server}: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
