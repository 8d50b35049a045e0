"""Asking other services: one shared reply subscription, keep-alives, re-sending when a worker or the server dies.

Every operation of the bus may be repeated without harm, so a request whose worker fell silent or whose connection
broke is sent again until its deadline. A worker that is busy for long says so with keep-alive messages.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from opentelemetry import propagate, trace
from pydantic import BaseModel

from dino_common.bus import codec, subjects
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.contracts import Operation, Service
from dino_common.errors import DeadlineExceeded, DinoError, ModelNotLoaded, ServiceUnavailable, from_wire

log = logging.getLogger(__name__)
tracer = trace.get_tracer("dino.bus")

SILENCE_SECONDS = 8.0
_NOBODY_PATIENCE, _NOBODY_PAUSE = 2.0, 0.05
_NO_RESPONDERS = "503"


class _SendAgain(Exception):
    """The worker or the connection is gone; the request may be repeated."""


class _Nobody(Exception):
    """No process answers the subject."""


@dataclass(slots=True)
class _Pending:
    answer: asyncio.Future[Msg]
    heard: float


class BusClient:
    """Sends requests and matches the answers."""

    def __init__(
        self,
        connection: Connection,
        silence: float = SILENCE_SECONDS,
        serving: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Use the connection; ``start`` must run once it is open.

        Args:
            connection: of this process.
            serving: tells the key of the model version that serves as this process last saw it; None where no
                operator runs the platform.
            silence: seconds without answer or keep-alive after which a worker counts as dead.
        """
        self.connection = connection
        self._silence, self._serving = silence, serving
        self._pending: dict[str, _Pending] = {}
        self._numbers = itertools.count()
        self._inbox = ""
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Subscribe to this process's own inbox."""
        self._inbox = self.connection.client.new_inbox()
        self._subscription = await self.connection.client.subscribe(f"{self._inbox}.*", cb=self._receive)

    async def _receive(self, msg: Msg) -> None:
        pending = self._pending.get(msg.subject.rpartition(".")[2])
        if pending is None or pending.answer.done():
            return
        pending.heard = time.monotonic()
        if not (msg.headers and subjects.WORKING in msg.headers):
            pending.answer.set_result(msg)

    async def call(
        self,
        operation: Operation,
        request: BaseModel | dict[str, Any],
        context: Context,
        *,
        model: str | None = None,
    ) -> Any:
        """Ask the operation's owner and return its decoded answer (a dict; vectors as NumPy arrays).

        Args:
            operation: what is asked.
            request: its request model, or the fields.
            context: of the request; the answer comes before its deadline or not at all.
            model: key of the model version that must answer, for operations of inference; else the one that serves,
                also when it changes before the request was taken.

        Raises:
            DinoError: the typed error of the service, DeadlineExceeded, or ServiceUnavailable when nobody answers.
        """
        fields = request.model_dump(mode="json") if isinstance(request, BaseModel) else request
        payload = codec.pack(fields)
        with tracer.start_as_current_span(
            f"{operation.service.value}.{operation.name} send",
            kind=trace.SpanKind.CLIENT,
            attributes={
                "messaging.system": "nats",
                "messaging.destination.name": self._subject(operation, model),
            },
        ):
            headers = {
                subjects.REQUEST_ID: context.request_id,
                subjects.DEADLINE: f"{context.deadline:.3f}",
            }
            if context.principal:
                headers[subjects.PRINCIPAL] = context.principal
            propagate.inject(headers)
            return self._decode(await self._ask(operation, model, payload, headers, context))

    def _subject(self, operation: Operation, model: str | None) -> str:
        if operation.service is not Service.INFERENCE:
            return self.connection.subjects.operation(operation)
        return self.connection.subjects.operation(operation, model or self._serving())

    async def _ask(
        self, operation: Operation, model: str | None, payload: bytes, headers: dict[str, str], context: Context
    ) -> Msg:
        patience = time.monotonic() + _NOBODY_PATIENCE
        while True:
            remaining = context.remaining()
            if remaining <= 0:
                raise DeadlineExceeded(f"{operation.name} did not finish within its deadline")
            try:
                # Anew at each try: another version may serve by now.
                return await self._once(self._subject(operation, model), payload, headers, remaining)
            except _SendAgain as reason:
                log.warning("sending %s again: %s", operation.name, reason, extra={"request_id": context.request_id})
                # Its successor may need as long to appear as any other.
                patience = time.monotonic() + _NOBODY_PATIENCE
            except _Nobody:
                if time.monotonic() >= patience:
                    raise self._nobody(operation) from None
                await asyncio.sleep(min(_NOBODY_PAUSE, remaining))

    async def _once(self, subject: str, payload: bytes, headers: dict[str, str], remaining: float) -> Msg:
        end = time.monotonic() + remaining
        # What is published without a connection would be sent at the reconnection, and once more after it.
        await self._reconnected(end)
        token = str(next(self._numbers))
        pending = _Pending(asyncio.get_running_loop().create_future(), time.monotonic())
        self._pending[token] = pending
        lost = asyncio.ensure_future(self.connection.lost.wait())
        try:
            await self._send(subject, payload, f"{self._inbox}.{token}", headers)
            while True:
                pause = min(end, pending.heard + self._silence) - time.monotonic()
                await asyncio.wait((pending.answer, lost), timeout=max(0.0, pause), return_when=asyncio.FIRST_COMPLETED)
                if pending.answer.done():
                    msg = pending.answer.result()
                    if not msg.data and msg.headers and msg.headers.get("Status") == _NO_RESPONDERS:
                        raise _Nobody
                    return msg
                if time.monotonic() >= end:
                    raise DeadlineExceeded("no answer within the deadline")
                if lost.done():
                    await self._reconnected(end)
                    raise _SendAgain("the connection to NATS broke")
                if time.monotonic() - pending.heard >= self._silence:
                    raise _SendAgain("its worker fell silent")
        finally:
            lost.cancel()
            self._pending.pop(token, None)

    async def _send(self, subject: str, payload: bytes, reply: str, headers: dict[str, str]) -> None:
        try:
            await self.connection.client.publish(subject, payload, reply=reply, headers=headers)
        except nats.errors.MaxPayloadError as error:
            raise ServiceUnavailable(
                "The request is larger than the bus allows",
                details="Raise max_payload of the NATS server (8 MB is recommended), or send fewer items.",
            ) from error
        except (nats.errors.Error, OSError) as error:
            raise ServiceUnavailable("The bus (NATS) is not reachable", retry_after=2) from error

    async def _reconnected(self, end: float) -> None:
        while not self.connection.connected:
            if time.monotonic() >= end:
                raise ServiceUnavailable("The bus (NATS) is not reachable", retry_after=2)
            await asyncio.sleep(0.02)

    def _nobody(self, operation: Operation) -> DinoError:
        if operation.service is Service.INFERENCE:
            return ModelNotLoaded(
                "No inference service answers; the model is loading or down",
                details="Wait until /api/v1/ready says ready, or see /api/v1/health.",
                retry_after=5,
            )
        return ServiceUnavailable(f"No {operation.service.value} service answers", retry_after=5)

    @staticmethod
    def _decode(msg: Msg) -> Any:
        try:
            value = codec.unpack(msg.data)
        except ValueError as error:
            raise ServiceUnavailable("A service sent an answer that cannot be read") from error
        if msg.headers and "Nats-Service-Error-Code" in msg.headers:
            raise from_wire(value)
        return value

    async def stop(self) -> None:
        """Stop listening; requests under way end with their deadline."""
        if self._subscription is not None and not self.connection.client.is_closed:
            await self._subscription.unsubscribe()
