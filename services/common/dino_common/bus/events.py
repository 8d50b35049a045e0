"""Events that must not be lost: published to a JetStream stream, consumed by named durable consumers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from dino_common.bus import codec
from dino_common.bus.connection import Connection
from dino_common.bus.pulls import unsubscribe
from dino_common.bus.tasks import end
from dino_common.errors import DinoError, ServiceUnavailable
from dino_common.metrics import event_metrics

log = logging.getLogger(__name__)

ASSET_CREATED = "asset.created"
ASSET_UPDATED = "asset.updated"
ASSET_DELETED = "asset.deleted"
FEATURES_STORED = "features.stored"
JOB_FINISHED = "job.finished"
VERDICT_MADE = "verdict.made"
DESCRIPTION_STORED = "description.stored"

_DAY = 86_400
ACK_WAIT = 60.0
_RETRY_DELAYS = (1, 2, 5, 10, 30)
# Deliveries of an event whose handler fails for no reason that passes: about five minutes.
_MOST_DELIVERIES = 12
_TRANSIENT = (nats.errors.Error, APIError, TimeoutError, OSError)

EventHandler = Callable[[str, dict[str, Any]], Awaitable[None]]


async def ensure_stream(connection: Connection, config: api.StreamConfig) -> None:
    """Create the stream, or bring an existing one to this configuration."""
    js = connection.jetstream()
    try:
        await js.add_stream(config)
    except APIError as error:
        if error.err_code != 10058:  # the name is in use with another configuration
            raise
        await js.update_stream(config)


class Consumption:
    """Events being taken under one name, until ``stop``."""

    def __init__(self, task: asyncio.Task[None], busy: set[asyncio.Task[None]]) -> None:
        """Keep the task that fetches and the set of handlers under way."""
        self._task, self._busy = task, busy

    async def stop(self, seconds: float = 5.0) -> None:
        """Take no more and give the handlers under way some seconds; what is unfinished comes again."""
        await end([self._task])
        if self._busy:
            await asyncio.wait(tuple(self._busy), timeout=seconds)
        await end(tuple(self._busy))


class Events:
    """Publisher and consumers of a deployment's event stream (kept for a day)."""

    def __init__(self, connection: Connection) -> None:
        """Use the connection; ``start`` makes the stream."""
        self._connection = connection
        self._consumptions: list[Consumption] = []

    async def start(self) -> None:
        """Make sure that the stream exists."""
        await ensure_stream(
            self._connection,
            api.StreamConfig(
                name=self._connection.subjects.events_stream,
                subjects=[self._connection.subjects.event(">")],
                retention=api.RetentionPolicy.LIMITS,
                max_age=_DAY,
                duplicate_window=120,
            ),
        )

    async def publish(self, kind: str, payload: dict[str, Any], *, once: str | None = None) -> None:
        """Store an event durably before returning.

        Args:
            kind: such as ``asset.created``.
            payload: plain values and arrays.
            once: key by which a repeated publication within two minutes is dropped.

        Raises:
            ServiceUnavailable: the stream did not acknowledge.
        """
        headers = {"Nats-Msg-Id": once} if once else None
        try:
            await self._connection.jetstream().publish(
                self._connection.subjects.event(kind), codec.pack(payload), headers=headers, timeout=5
            )
        except (NoStreamResponseError, *_TRANSIENT) as error:
            raise ServiceUnavailable(f"The event {kind} could not be stored on the bus", retry_after=2) from error

    def consume(
        self,
        durable: str,
        kinds: list[str],
        handler: EventHandler,
        *,
        concurrency: int = 1,
        forgotten_after: float | None = None,
    ) -> Consumption:
        """Run the handler for every event of these kinds, at least once each, in the background.

        A handler that raises is called again later. Given up and logged are an event that cannot be read, one whose
        own fault the error is (4xx without ``retry_after``), and one that failed often while every part was up.

        Args:
            durable: processes with the same name share the events.
            kinds: such as ``asset.created``.
            handler: of one event.
            concurrency: events in work at once.
            forgotten_after: seconds without any process after which the server drops the name and what it had not
                been given; None keeps it for good.
        """
        busy: set[asyncio.Task[None]] = set()
        config = api.ConsumerConfig(
            durable_name=durable,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT,
            filter_subjects=[self._connection.subjects.event(kind) for kind in kinds],
            max_ack_pending=max(64, concurrency * 4),
            inactive_threshold=forgotten_after,
        )
        task = asyncio.create_task(self._consume(config, handler, concurrency, busy))
        consumption = Consumption(task, busy)
        self._consumptions.append(consumption)
        return consumption

    async def _consume(
        self, config: api.ConsumerConfig, handler: EventHandler, concurrency: int, busy: set[asyncio.Task[None]]
    ) -> None:
        stream, durable = self._connection.subjects.events_stream, str(config.durable_name)
        while True:
            try:
                js = self._connection.jetstream()
                await js.add_consumer(stream, config)
                pull = await js.pull_subscribe_bind(durable=durable, stream=stream)
                try:
                    await self._fetch(pull, handler, concurrency, busy)
                finally:
                    # Or the server hands what is put back to this pull, whose requests nobody reads any more.
                    await unsubscribe(pull)
            except asyncio.CancelledError:
                raise
            except (NotFoundError, *_TRANSIENT) as error:
                log.warning("consumer %s: %r; starting it again", durable, error)
                await asyncio.sleep(1)
                if self._connection.connected:
                    await self._restore()

    async def _fetch(
        self,
        pull: JetStreamContext.PullSubscription,
        handler: EventHandler,
        concurrency: int,
        busy: set[asyncio.Task[None]],
    ) -> None:
        while True:
            if len(busy) >= concurrency:
                await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
                continue
            try:
                # No more than can be begun: the acknowledgement's time runs from delivery.
                batch = await pull.fetch(concurrency - len(busy), timeout=5)
            except (nats.errors.TimeoutError, TimeoutError):
                continue
            for msg in batch:
                task = asyncio.create_task(self._handle(msg, handler))
                busy.add(task)
                task.add_done_callback(busy.discard)

    async def _restore(self) -> None:
        try:
            await self.start()
        except _TRANSIENT as error:
            log.warning("the event stream is not available: %r", error)

    async def _handle(self, msg: Any, handler: EventHandler) -> None:
        kind = msg.subject.removeprefix(f"{self._connection.subjects.prefix}.events.")
        alive = asyncio.create_task(self._keep(msg))
        try:
            settle = await self._outcome(msg, kind, handler)
        except asyncio.CancelledError:
            settle = msg.nak()  # this process stops; another one goes on at once
        finally:
            alive.cancel()
        await self._quietly(settle)

    async def _outcome(self, msg: Any, kind: str, handler: EventHandler) -> Awaitable[None]:
        """Run the handler and return what becomes of the message."""
        try:
            event = codec.unpack(msg.data)
        except ValueError as error:
            log.error("event %s cannot be read and is given up: %s", kind, error)
            event_metrics().handled(kind, "GIVEN_UP")
            return msg.term()
        try:
            await handler(kind, event)
        except Exception as error:
            delivered = msg.metadata.num_delivered
            if _hopeless(error, delivered):
                event_metrics().handled(kind, "GIVEN_UP")
                log.error("event %s is given up after delivery %d: %r", kind, delivered, error)
                return msg.term()
            delay = _RETRY_DELAYS[min(delivered, len(_RETRY_DELAYS)) - 1]
            log.warning("event %s failed (delivery %d), again in %d s: %r", kind, delivered, delay, error)
            event_metrics().handled(kind, "AGAIN")
            return msg.nak(delay=delay)
        event_metrics().handled(kind, "ok")
        return msg.ack()

    async def _keep(self, msg: Any) -> None:
        while True:
            await asyncio.sleep(ACK_WAIT / 3)
            await self._quietly(msg.in_progress())

    async def _quietly(self, reply: Awaitable[None]) -> None:
        try:
            await reply
        except _TRANSIENT as error:
            log.warning("an event could not be settled: %r", error)

    async def stop(self, seconds: float = 5.0) -> None:
        """Stop fetching and give the handlers under way some seconds; unfinished events come again elsewhere."""
        await asyncio.gather(*(consumption.stop(seconds) for consumption in self._consumptions))


def _hopeless(error: Exception, delivered: int) -> bool:
    if isinstance(error, _TRANSIENT):
        return False
    if isinstance(error, DinoError):
        if error.passing:
            return False
        if error.status < 500:
            return True
    return delivered >= _MOST_DELIVERIES
