"""Answering: a service's operations on nats.micro, each message in a task of its own, drained before the end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import nats.errors
from nats import micro
from nats.micro.request import Request as MicroRequest
from opentelemetry import propagate, trace
from pydantic import BaseModel, ValidationError

from dino_common import __version__
from dino_common.bus import codec, subjects
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS, Operation, Service, check_handlers, on_bus
from dino_common.errors import (
    DeadlineExceeded,
    DinoError,
    InvalidRequest,
    ProcessingFailed,
    ServiceUnavailable,
)
from dino_common.metrics import bus_metrics
from dino_common.validation import explain

log = logging.getLogger(__name__)
tracer = trace.get_tracer("dino.bus")

Handler = Callable[[Context, Any], Awaitable[BaseModel | dict[str, Any]]]

KEEPALIVE_SECONDS = 2.0


class BusService:
    """Serves the operations that a service owns until it is drained."""

    def __init__(
        self,
        connection: Connection,
        service: Service,
        handlers: Mapping[str, Handler],
        keepalive: float = KEEPALIVE_SECONDS,
        key: str | None = None,
    ) -> None:
        """Check the handlers against the contracts.

        Args:
            connection: an open connection.
            service: who answers.
            handlers: one for every operation of the service that is no job, by the operation's name.
            keepalive: seconds between the messages by which a busy worker says that it lives.
            key: of the model version whose processes answer on subjects of their own.

        Raises:
            ContractError: a handler is missing or belongs to another service.
        """
        owned = on_bus(service)
        check_handlers(service, [*handlers, *(op.name for op in owned if op.job)], owned)
        self.connection = connection
        self.service = service
        self._handlers = dict(handlers)
        self._keepalive_seconds = keepalive
        self._key = key
        self._limit = connection.settings.max_concurrency
        self._tasks: set[asyncio.Task[None]] = set()
        self._micro: micro.Service | None = None
        self._metrics = bus_metrics()

    async def start(self) -> None:
        """Register every endpoint in the service's queue group."""
        self._micro = await micro.add_service(
            self.connection.client,
            name=f"{self.connection.subjects.token}_{self.service.value}",
            version=__version__,
            description=f"{self.service.value} service of {self.connection.subjects.prefix}",
            queue_group=self.service.value,
        )
        for name, handler in self._handlers.items():
            operation = OPERATIONS[name]
            await self._micro.add_endpoint(
                name=name,
                subject=self.connection.subjects.operation(operation, self._key),
                queue_group=self.service.value,
                handler=self._receiver(operation, handler),
            )

    def _receiver(self, operation: Operation, handler: Handler) -> Callable[[MicroRequest], Awaitable[None]]:
        async def receive(message: MicroRequest) -> None:
            # nats-py awaits its callback one message at a time: hand over at once.
            if len(self._tasks) >= self._limit:
                busy = ServiceUnavailable(f"The {self.service.value} service is full", retry_after=1)
                await self._respond_error(message, busy)
                return
            task = asyncio.create_task(self._answer(operation, handler, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return receive

    async def _answer(self, operation: Operation, handler: Handler, message: MicroRequest) -> None:
        headers = message.headers or {}
        context = context_from(headers, operation)
        began = time.perf_counter()
        outcome = "ok"
        keepalive = asyncio.create_task(self._keepalive(message))
        with tracer.start_as_current_span(
            f"{operation.service.value}.{operation.name}",
            context=propagate.extract(headers),
            kind=trace.SpanKind.SERVER,
            attributes={"dino.operation": operation.name, "dino.request_id": context.request_id},
        ) as span:
            try:
                result = await self._run(operation, handler, message, context)
            except DinoError as error:
                outcome = error.code.value
                span.set_attribute("dino.error", outcome)
                keepalive.cancel()
                await self._respond_error(message, error)
            else:
                span.set_attributes(context.attributes)
                keepalive.cancel()
                await self._respond(message, result)
            finally:
                keepalive.cancel()
                self._metrics.handled(operation.name, outcome, time.perf_counter() - began)

    async def _run(self, operation: Operation, handler: Handler, message: MicroRequest, context: Context) -> Any:
        try:
            context.check()
            request = operation.request.model_validate(codec.unpack(message.data))
            async with asyncio.timeout(context.remaining()):
                return await handler(context, request)
        except DinoError:
            raise
        except TimeoutError:
            raise DeadlineExceeded(f"{operation.name} did not finish within its deadline") from None
        except ValidationError as error:
            raise InvalidRequest(explain(error)) from error
        except Exception as error:
            log.exception("%s failed", operation.name, extra={"request_id": context.request_id})
            raise ProcessingFailed(f"{operation.name} failed inside the {self.service.value} service") from error

    async def _keepalive(self, message: MicroRequest) -> None:
        while True:
            await asyncio.sleep(self._keepalive_seconds)
            await self._send(message, b"", {subjects.WORKING: self.connection.name})

    async def _respond(self, message: MicroRequest, result: BaseModel | dict[str, Any]) -> None:
        try:
            data = codec.pack(result)
        except (TypeError, ValueError, OverflowError) as error:
            log.error("an answer cannot be written: %s", error)
            await self._respond_error(message, ProcessingFailed("The answer cannot be sent over the bus"))
            return
        if len(data) > self.connection.client.max_payload:
            log.error("an answer of %d bytes is larger than the bus allows", len(data))
            await self._respond_error(
                message, ProcessingFailed("The answer is too large for the bus", details="Ask for fewer items.")
            )
            return
        await self._send(message, data, None)

    async def _respond_error(self, message: MicroRequest, error: DinoError) -> None:
        headers = {"Nats-Service-Error": error.code.value, "Nats-Service-Error-Code": str(error.status)}
        await self._send(message, codec.pack(error.to_wire()), headers)

    async def _send(self, message: MicroRequest, data: bytes, headers: dict[str, str] | None) -> None:
        try:
            await message.respond(data, headers)
        except (nats.errors.Error, ValueError, OSError) as failure:
            log.warning("an answer could not be sent: %s", failure)

    async def drain(self, seconds: float) -> None:
        """Take no new request, finish those that were delivered, then leave the bus.

        Args:
            seconds: how long the requests under way may take.
        """
        if self._micro is None:
            return
        endpoints = list(self._micro._endpoints)
        # Service.stop() discards what was delivered but not begun; draining the subscriptions does not.
        await asyncio.gather(
            *(e._subscription.drain() for e in endpoints if e._subscription is not None),
            return_exceptions=True,
        )
        if self._tasks:
            log.info("finishing %d requests", len(self._tasks))
            await asyncio.wait(tuple(self._tasks), timeout=seconds)
        await end(tuple(self._tasks))
        self._micro = None


def context_from(headers: Mapping[str, str], operation: Operation) -> Context:
    """Read request id, caller and deadline; without a deadline the operation's own timeout counts from now."""
    try:
        deadline = float(headers[subjects.DEADLINE])
    except (KeyError, ValueError):
        deadline = time.time() + operation.timeout_s
    return Context(
        request_id=headers.get(subjects.REQUEST_ID, ""),
        deadline=deadline,
        principal=headers.get(subjects.PRINCIPAL, ""),
        operation=operation.name,
    )
