"""Idempotency keys: a request that was answered is answered the same when it is sent again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import orjson
from starlette.responses import Response

from dino_common.contracts import Operation
from dino_common.errors import DinoError, InvalidRequest
from dino_common.stores.idempotency import Replay, Reserved
from dino_gateway.answers import JSON
from dino_gateway.call import Call

log = logging.getLogger(__name__)

HEADER = "idempotency-key"
REPLAYED = {"Idempotent-Replayed": "true"}
TTL_SECONDS = 86_400.0
_LEASE_MARGIN = 30.0
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")

Work = Callable[[], Awaitable[Response]]


class AnswerOnce(Response):
    """An answer that is not to be given again as it is: repetitions get ``kept`` instead."""

    def __init__(self, content: bytes, status_code: int, kept: bytes) -> None:
        """Answer with JSON, and keep other JSON."""
        super().__init__(content, status_code, media_type=JSON)
        self.kept = kept


class KeepsAnswers(Protocol):
    """The store of answers."""

    def reserve(self, key: str, fingerprint: str, ttl: float, lease: float = ...) -> Awaitable[Reserved | Replay]:
        """Take the key, or return the answer that belongs to it."""
        ...

    def complete(
        self, key: str, status: int, body: bytes, fingerprint: str, owner: str | None = None
    ) -> Awaitable[None]:
        """Keep the answer."""
        ...

    def release(self, key: str, owner: str | None = None) -> Awaitable[None]:
        """Forget the reservation."""
        ...


def read_key(headers: Any) -> str | None:
    """Return the client's Idempotency-Key, or None.

    Raises:
        InvalidRequest: not 1 to 255 printable ASCII characters.
    """
    key = headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidRequest("Idempotency-Key: must be 1 to 255 printable ASCII characters")
    return key


def fingerprint(operation: Operation, fields: Any) -> str:
    """Return the hash of a request: of its operation and its validated fields in a stable order."""
    data = orjson.dumps([operation.name, fields], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(data).hexdigest()


class Idempotency:
    """Runs work once a key; keys of two callers or two operations never meet."""

    def __init__(self, store: KeepsAnswers) -> None:
        """Keep answers there."""
        self._store = store

    async def run(self, call: Call, operation: Operation, key: str | None, mark: str, work: Work) -> Response:
        """Do the work, or return its earlier answer with ``Idempotent-Replayed: true``.

        Args:
            call: who asks.
            operation: what is asked.
            key: the client's key; None does the work.
            mark: fingerprint of the request.
            work: answers with JSON in a whole body. Its errors are not kept: the key is free again.

        Raises:
            Conflict: the key belongs to another request, or its request is under way.
        """
        if key is None:
            return await work()
        name = hashlib.sha256(orjson.dumps([call.principal.name, operation.name, key])).hexdigest()
        held = await self._store.reserve(name, mark, TTL_SECONDS, operation.timeout_s + _LEASE_MARGIN)
        if isinstance(held, Replay):
            return Response(held.body, held.status, REPLAYED, media_type=JSON)
        try:
            answer = await work()
        except BaseException:
            await asyncio.shield(self._release(name, held.owner))
            raise
        body = answer.kept if isinstance(answer, AnswerOnce) else bytes(answer.body)
        try:
            await self._store.complete(name, answer.status_code, body, mark, held.owner)
        except DinoError as error:
            # The work is done and its answer right; only a repetition will do it again, once the lease has ended.
            log.warning("an answer could not be kept for its Idempotency-Key: %s", error.message)
        return answer

    async def _release(self, name: str, owner: str) -> None:
        try:
            await self._store.release(name, owner)
        except DinoError as error:
            log.warning("an Idempotency-Key stays taken until its lease ends: %s", error.message)
