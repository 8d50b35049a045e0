"""Working on jobs: one message one job, kept alive while it runs, resumed elsewhere after a crash."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import nats.errors
from nats.js import api
from nats.js.errors import APIError
from opentelemetry import propagate, trace
from pydantic import BaseModel, ValidationError

from dino_common.bus import codec
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.job_queue import JobQueue
from dino_common.bus.service import context_from
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS, Operation, Service, check_handlers, owned_by
from dino_common.contracts.jobs import JobProgress
from dino_common.errors import DinoError, InvalidRequest, JobNotFound, ProcessingFailed
from dino_common.metrics import bus_metrics
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.validation import explain

log = logging.getLogger(__name__)
tracer = trace.get_tracer("dino.jobs")

ACK_WAIT, HEARTBEAT = 15.0, 4.0
MAX_ATTEMPTS = 5
_TELL_EVERY = 0.25
_TRANSIENT = (nats.errors.Error, APIError, TimeoutError, OSError)


class JobHandler(Protocol):
    """Runs a job of one operation from its request, or from where an earlier worker stopped."""

    def __call__(self, job: JobContext, request: Any, /) -> Awaitable[BaseModel | dict[str, Any]]:
        """Return the operation's answer."""
        ...


@dataclass(slots=True)
class JobContext(Context):
    """What a job's handler knows and may tell.

    Attributes:
        checkpoint: what the handler last saved with ``advance``; None at the first attempt.
    """

    job_id: str = ""
    checkpoint: Any = None
    tell: Callable[[JobProgress, Any], Awaitable[None]] | None = field(default=None, repr=False)
    _began: float = field(default_factory=time.monotonic, repr=False)
    _first: int | None = field(default=None, repr=False)
    _told: float = field(default=0.0, repr=False)

    async def advance(self, done: int, total: int | None, stage: str, checkpoint: Any = None) -> None:
        """Report progress and, when a checkpoint is given, store it so that a later worker resumes from it.

        Args:
            done: items finished in all, by earlier workers too.
            total: items in all, or None while unknown.
            stage: what is being done.
            checkpoint: plain values and NumPy arrays.

        Raises:
            asyncio.CancelledError: the job was cancelled.
        """
        if self._first is None:
            self._first = done
        now = time.monotonic()
        finished = total is not None and done >= total
        if checkpoint is None and not finished and now - self._told < _TELL_EVERY:
            return
        self._told = now
        spent = now - self._began
        rate = (done - self._first) / spent if spent > 0 and done > self._first else None
        progress = JobProgress(
            stage=stage,
            done=done,
            total=total,
            fraction=min(1.0, done / total) if total else 0.0,
            rate=rate,
            eta_seconds=(total - done) / rate if total and rate else None,
        )
        if self.tell is not None:
            await self.tell(progress, checkpoint)


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
        check_handlers(service, [*handlers, *(op.name for op in owned_by(service) if not op.job)])
        self._connection, self._service, self._store = connection, service, store
        self._handlers = dict(handlers)
        self._queue = JobQueue(connection)
        self._slots = asyncio.Semaphore(concurrency)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._cancelled: set[str] = set()
        self._loop: asyncio.Task[None] | None = None
        self._metrics = bus_metrics()

    async def start(self) -> None:
        """Make sure of stream and consumer and begin to take jobs."""
        if not self._handlers:
            return
        await self._queue.start()
        await self._connection.client.subscribe(self._connection.subjects.job_cancel, cb=self._on_cancel)
        self._loop = asyncio.create_task(self._take())

    async def _on_cancel(self, msg: Any) -> None:
        job_id = codec.unpack(msg.data)["job_id"]
        if task := self._running.get(job_id):
            self._cancelled.add(job_id)
            task.cancel()

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
                while True:
                    await self._slots.acquire()
                    try:
                        msgs = await pull.fetch(1, timeout=5)
                    except (nats.errors.TimeoutError, TimeoutError):
                        self._slots.release()
                        continue
                    except BaseException:
                        self._slots.release()
                        raise
                    self._begin(msgs[0])
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("taking jobs again after: %r", error)
                await asyncio.sleep(1)
                if self._connection.connected:
                    await self._restore()

    async def _restore(self) -> None:
        try:
            await self._queue.start()
        except _TRANSIENT as error:
            log.warning("the job stream is not available: %r", error)

    def _begin(self, msg: Any) -> None:
        job_id = str(codec.unpack(msg.data)["job_id"])
        task = asyncio.create_task(self._work(job_id, msg))
        self._running[job_id] = task

        def done(_: asyncio.Task[None]) -> None:
            self._running.pop(job_id, None)
            self._slots.release()

        task.add_done_callback(done)

    async def _work(self, job_id: str, msg: Any) -> None:
        alive = asyncio.create_task(self._keep(msg))
        settle = msg.ack
        try:
            record = await self._store.begin(job_id, self._connection.name)
            if record is not None:
                if record.attempts > MAX_ATTEMPTS:
                    await self._store.fail(
                        job_id,
                        ProcessingFailed(f"given up after {MAX_ATTEMPTS} workers ended in the middle of it"),
                    )
                else:
                    await self._run(record, msg)
                await self._tell(job_id)
        except asyncio.CancelledError:
            if job_id in self._cancelled:
                self._cancelled.discard(job_id)
                await self._store.cancelled(job_id)
                await self._tell(job_id)
            else:
                settle = msg.nak  # this worker stops; another one goes on at once
        except JobNotFound:
            log.warning("job %s has no document; dropped", job_id)
        except Exception as error:
            log.warning("job %s is put back: %r", job_id, error)
            settle = self._later(msg)
        finally:
            alive.cancel()
            try:
                await settle()
            except _TRANSIENT as error:
                log.warning("job %s could not be settled: %r", job_id, error)

    @staticmethod
    def _later(msg: Any) -> Callable[[], Awaitable[None]]:
        return lambda: msg.nak(delay=2)

    async def _run(self, record: JobRecord, msg: Any) -> None:
        operation = OPERATIONS[record.operation]
        context = self._context(record, operation, msg)
        began, outcome = time.perf_counter(), "ok"
        with tracer.start_as_current_span(
            f"{operation.service.value}.{operation.name} job",
            context=propagate.extract(msg.headers or {}),
            kind=trace.SpanKind.CONSUMER,
            attributes={"dino.job_id": record.job_id, "dino.attempt": record.attempts},
        ):
            try:
                request = operation.request.model_validate(record.request)
                result = await self._handlers[operation.name](context, request)
                value = result.model_dump() if isinstance(result, BaseModel) else result
                await self._store.succeed(record.job_id, value)
            except ValidationError as error:
                outcome = "INVALID_REQUEST"
                await self._store.fail(record.job_id, InvalidRequest(explain(error)))
            except DinoError as error:
                outcome = error.code.value
                if error.status == 503 and record.attempts < MAX_ATTEMPTS:
                    raise  # a part is down for now: back to the queue
                await self._store.fail(record.job_id, error)
            except Exception:
                outcome = "PROCESSING_FAILED"
                log.exception("job %s of %s failed", record.job_id, operation.name)
                await self._store.fail(record.job_id, ProcessingFailed(f"{operation.name} failed"))
            finally:
                self._metrics.handled(operation.name, outcome, time.perf_counter() - began)

    def _context(self, record: JobRecord, operation: Operation, msg: Any) -> JobContext:
        base = context_from(msg.headers or {}, operation)

        async def tell(progress: JobProgress, checkpoint: Any) -> None:
            state = await self._store.progress(record.job_id, progress, checkpoint)
            if state.cancel_requested:
                self._cancelled.add(record.job_id)
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
        )

    async def _tell(self, job_id: str) -> None:
        record = await self._store.get(job_id)
        await self._queue.tell_progress(job_id, {"status": record.status, "progress": record.progress.model_dump()})

    async def _keep(self, msg: Any) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            try:
                await msg.in_progress()
            except _TRANSIENT as error:
                log.warning("a job's heartbeat was not sent: %r", error)

    async def drain(self) -> None:
        """Take no more jobs and hand those under way back to the queue, with their checkpoints."""
        if self._loop is not None:
            await end([self._loop])
        await end(tuple(self._running.values()))
