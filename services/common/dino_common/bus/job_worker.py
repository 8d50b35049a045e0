"""Working on jobs: one message one job, kept alive while it runs, resumed elsewhere after a crash."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.js import JetStreamContext, api
from nats.js.errors import APIError
from opentelemetry import propagate, trace
from pydantic import BaseModel, ValidationError

from dino_common.bus import codec
from dino_common.bus.connection import Connection
from dino_common.bus.events import Events
from dino_common.bus.in_time import in_time
from dino_common.bus.job_context import JobContext, JobHandler
from dino_common.bus.job_news import JobNews
from dino_common.bus.job_queue import JobQueue
from dino_common.bus.pulls import unsubscribe
from dino_common.bus.service import context_from
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS, Operation, Service, check_handlers, on_bus
from dino_common.contracts.jobs import JobProgress
from dino_common.errors import DinoError, InvalidRequest, JobNotFound, ProcessingFailed
from dino_common.metrics import bus_metrics, job_metrics
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.validation import explain

log = logging.getLogger(__name__)
tracer = trace.get_tracer("dino.jobs")

ACK_WAIT, HEARTBEAT = 15.0, 4.0
# Workers that may die in the middle of one job: the job itself may be what kills them.
MAX_ATTEMPTS = 5
# Seconds before each further try while a part that the job needs is down or full: about five minutes in all.
SETBACK_DELAYS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 60.0, 60.0, 60.0)
_STORE_DOWN_DELAY = 2.0
_HAND_OVER_SECONDS = 3.0
_TRANSIENT = (nats.errors.Error, APIError, TimeoutError, OSError)

Settle = Callable[[Any], Awaitable[None]]


async def _done(msg: Any) -> None:
    await msg.ack()


async def _at_once(msg: Any) -> None:
    await msg.nak()


async def _leave(msg: Any) -> None:
    """Another worker settles it."""


def _later(seconds: float) -> Settle:
    return lambda msg: msg.nak(delay=seconds)


@dataclass(slots=True)
class _Held:
    """A job under way here.

    Attributes:
        msg: what it is kept alive and settled by; the newest one when it was delivered again.
        cancelled: whether a client cancelled it; lost: whether another worker has begun it.
    """

    msg: Any
    task: asyncio.Task[None] | None = None
    cancelled: bool = False
    lost: bool = False


class JobWorker:
    """Takes a service's jobs off the queue, a few at a time."""

    def __init__(
        self,
        connection: Connection,
        service: Service,
        store: JobStore,
        handlers: Mapping[str, JobHandler],
        concurrency: int = 2,
    ) -> None:
        """Check the handlers against the contracts (ContractError when one is missing or foreign)."""
        owned = on_bus(service)
        check_handlers(service, [*handlers, *(op.name for op in owned if not op.job)], owned)
        self._connection, self._service, self._store = connection, service, store
        self._handlers = dict(handlers)
        self._queue = JobQueue(connection)
        self._news = JobNews(Events(connection), store)
        self._slots = asyncio.Semaphore(concurrency)
        self._held: dict[str, _Held] = {}
        self._loop: asyncio.Task[None] | None = None
        self._listening = False
        self._metrics, self._jobs = bus_metrics(), job_metrics()
        self._jobs.running.set(lambda: len(self._held))

    async def start(self) -> None:
        """Make sure of stream and consumer and begin to take jobs, also again after ``drain``."""
        if not self._handlers or self._loop is not None:
            return
        await self._queue.start()
        if not self._listening:
            self._listening = True
            await self._connection.client.subscribe(self._connection.subjects.job_cancel, cb=self._on_cancel)
        self._loop = asyncio.create_task(self._take())

    async def _on_cancel(self, msg: Any) -> None:
        held = self._held.get(codec.unpack(msg.data)["job_id"])
        if held is not None and held.task is not None:
            held.cancelled = True
            held.task.cancel()

    async def _take(self) -> None:
        subjects = self._connection.subjects
        while True:
            try:
                js = self._connection.jetstream()
                await js.add_consumer(
                    subjects.jobs_stream,
                    api.ConsumerConfig(
                        durable_name=self._service.value,
                        ack_policy=api.AckPolicy.EXPLICIT,
                        ack_wait=ACK_WAIT,
                        filter_subject=subjects.jobs_of(self._service),
                        max_ack_pending=1000,
                    ),
                )
                pull = await js.pull_subscribe_bind(durable=self._service.value, stream=subjects.jobs_stream)
                try:
                    await self._fetch(pull)
                finally:
                    # Or the server hands what is put back to this pull, whose requests nobody reads any more.
                    await unsubscribe(pull)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("taking jobs again after: %r", error)
                await asyncio.sleep(1)
                if self._connection.connected:
                    await self._restore()

    async def _fetch(self, pull: JetStreamContext.PullSubscription) -> None:
        while True:
            await self._slots.acquire()
            begun = False
            try:
                begun = await self._begin((await pull.fetch(1, timeout=5))[0])
            except (nats.errors.TimeoutError, TimeoutError):
                continue
            finally:
                if not begun:
                    self._slots.release()

    async def _restore(self) -> None:
        try:
            await self._queue.start()
        except _TRANSIENT as error:
            log.warning("the job stream is not available: %r", error)

    async def _begin(self, msg: Any) -> bool:
        """Start the message's job; False when there is nothing to start."""
        try:
            job_id = str(codec.unpack(msg.data)["job_id"])
        except (ValueError, KeyError, TypeError) as error:
            log.error("a message that names no job is dropped: %r", error)
            await self._settle("(none)", msg, lambda m: m.term())
            return False
        if (held := self._held.get(job_id)) is not None:
            # The acknowledgement ran out, as after a broken connection, but the job goes on here.
            held.msg = msg
            return False
        held = self._held[job_id] = _Held(msg)
        held.task = asyncio.create_task(self._work(job_id, held))

        def done(_: asyncio.Task[None]) -> None:
            self._held.pop(job_id, None)
            self._slots.release()

        held.task.add_done_callback(done)
        return True

    async def _work(self, job_id: str, held: _Held) -> None:
        alive = asyncio.create_task(self._keep(held))
        try:
            try:
                settle = await self._attempt(job_id, held)
            except asyncio.CancelledError:
                settle = await self._stopped(job_id, held)
        finally:
            alive.cancel()
        await self._settle(job_id, held.msg, settle)

    async def _attempt(self, job_id: str, held: _Held) -> Settle:
        """Run the job, and return what becomes of its message."""
        record: JobRecord | None = None
        try:
            record = await self._store.begin(job_id, self._connection.name)
            if record is not None:
                if record.attempts > MAX_ATTEMPTS:
                    error = ProcessingFailed(f"given up after {MAX_ATTEMPTS} workers ended in the middle of it")
                    await self._store.fail(job_id, error)
                else:
                    await self._run(record, held)
            await self._tell(job_id)
        except JobNotFound:
            log.warning("job %s has no document; dropped", job_id)
        except Exception as error:
            log.warning("job %s is put back: %r", job_id, error)
            if record is None:
                return _later(_STORE_DOWN_DELAY)
            await self._hand_back(job_id, setback=True)
            return _later(SETBACK_DELAYS[min(record.setbacks, len(SETBACK_DELAYS) - 1)])
        return _done

    async def _stopped(self, job_id: str, held: _Held) -> Settle:
        """Return what becomes of a job whose work was broken off."""
        if held.lost:
            return _leave
        if not held.cancelled:
            await self._hand_back(job_id)
            return _at_once
        try:
            await self._store.cancelled(job_id)
            await self._tell(job_id)
        except JobNotFound:
            return _done
        except DinoError as error:
            # The request to cancel is in the document: whoever gets the message next ends the job.
            log.warning("job %s is cancelled later: %s", job_id, error.message)
            return _later(_STORE_DOWN_DELAY)
        return _done

    async def _hand_back(self, job_id: str, *, setback: bool = False) -> None:
        try:
            await self._store.hand_back(job_id, self._connection.name, setback=setback)
        except DinoError as error:
            log.warning("job %s keeps this attempt: %s", job_id, error.message)

    async def _settle(self, job_id: str, msg: Any, settle: Settle) -> None:
        try:
            await settle(msg)
        except _TRANSIENT as error:
            log.warning("job %s could not be settled: %r", job_id, error)

    async def _run(self, record: JobRecord, held: _Held) -> None:
        operation, worker = OPERATIONS[record.operation], self._connection.name
        context = self._context(record, operation, held)
        began, outcome = time.perf_counter(), "ok"
        if record.attempts == 1 and not record.setbacks:
            self._jobs.began(operation.name, time.time() - record.created_at.timestamp())
        else:
            self._jobs.resumed(operation.name)
        with tracer.start_as_current_span(
            f"{operation.service.value}.{operation.name} job",
            context=propagate.extract(held.msg.headers or {}),
            kind=trace.SpanKind.CONSUMER,
            attributes={"dino.job_id": record.job_id, "dino.attempt": record.attempts},
        ):
            try:
                request = operation.request.model_validate(record.request)
                result = await in_time(operation, self._handlers[operation.name](context, request))
                value = result.model_dump() if isinstance(result, BaseModel) else result
                ended = await self._store.succeed(record.job_id, value, worker)
                if ended.status == "succeeded":
                    await self._clean_up(context)
            except ValidationError as error:
                outcome = "INVALID_REQUEST"
                await self._store.fail(record.job_id, InvalidRequest(explain(error)), worker)
            except DinoError as error:
                outcome = error.code.value
                if error.passing and record.setbacks < len(SETBACK_DELAYS):
                    outcome = "PUT_BACK"
                    raise  # a part is down for now: back to the queue
                await self._store.fail(record.job_id, error, worker)
            except asyncio.CancelledError:
                outcome = "CANCELLED" if held.cancelled else "PUT_BACK"
                raise
            except Exception:
                outcome = "PROCESSING_FAILED"
                log.exception("job %s of %s failed", record.job_id, operation.name)
                await self._store.fail(record.job_id, ProcessingFailed(f"{operation.name} failed"), worker)
            finally:
                seconds = time.perf_counter() - began
                self._metrics.handled(operation.name, outcome, seconds)
                context.leave()
                self._jobs.ended(operation.name, outcome, seconds)

    async def _clean_up(self, context: JobContext) -> None:
        for step in context.afterwards:
            try:
                await step()
            except Exception as error:
                log.warning("job %s left something behind: %r", context.job_id, error)

    def _context(self, record: JobRecord, operation: Operation, held: _Held) -> JobContext:
        base, worker = context_from(held.msg.headers or {}, operation), self._connection.name

        async def tell(progress: JobProgress, checkpoint: Any) -> None:
            state = await self._store.progress(record.job_id, progress, checkpoint, worker)
            held.cancelled |= state.cancel_requested
            held.lost = not held.cancelled and (state.ended or state.owner != worker)
            if held.cancelled or held.lost:
                raise asyncio.CancelledError
            await self._queue.tell_progress(record.job_id, {"status": "running", "progress": progress.model_dump()})

        return JobContext(
            request_id=base.request_id,
            deadline=time.time() + operation.timeout_s,
            principal=base.principal,
            operation=operation.name,
            job_id=record.job_id,
            checkpoint=record.checkpoint,
            tell=tell,
            on_stage=lambda stage, seconds: self._jobs.stage(operation.name, stage, seconds),
        )

    async def _tell(self, job_id: str) -> None:
        record = await self._store.get(job_id)
        await self._queue.tell_progress(job_id, {"status": record.status, "progress": record.progress.model_dump()})
        await self._news.tell(record)

    async def _keep(self, held: _Held) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                await held.msg.in_progress()
            except _TRANSIENT as error:
                log.warning("a job's heartbeat was not sent: %r", error)

    async def drain(self) -> None:
        """Take no more jobs and hand those under way back to the queue, with their checkpoints."""
        if self._loop is not None:
            await end([self._loop])
            self._loop = None
        running = [held.task for held in self._held.values() if held.task is not None]
        for task in running:
            task.cancel()
        if running:
            # Handing over takes a write and a message: not to be broken off by a second cancellation.
            await asyncio.wait(running, timeout=_HAND_OVER_SECONDS)
        await end(running)
