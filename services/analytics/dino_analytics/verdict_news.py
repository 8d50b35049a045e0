"""Telling webhooks of verdicts: behind the answer, only when one wants it, and lost rather than waited for.

A verdict is answered from features in a millisecond; nothing here may add to that. The handler leaves its answer in
a queue, and a task publishes it as ``verdict.made``. What does not fit into the queue, or cannot be published within
some tries, is counted and lost: who needs every verdict has it in the answer.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from dino_common.bus.context import Context
from dino_common.bus.events import VERDICT_MADE, Events
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.service import Handler
from dino_common.bus.tasks import end
from dino_common.errors import DinoError
from dino_common.metrics import webhook_metrics
from dino_common.stores.mongo import utc_now

log = logging.getLogger(__name__)

# Operations whose answers are verdicts on pictures; those of batches come with the end of their job.
OPERATIONS = ("validate-consistency", "validate-character")

_QUEUED = 1000
_TRIES, _PAUSE_SECONDS, _STOP_SECONDS = 3, 1.0, 2.0
_TOLD_TYPES = (str, int, float, bool, datetime, type(None))


@dataclass(frozen=True, slots=True)
class _Verdict:
    operation: str
    request_id: str
    made_at: datetime
    answer: BaseModel | dict[str, Any]


class VerdictNews:
    """Publishes verdicts while some webhook wants them."""

    def __init__(self, config: LiveConfig, events: Events) -> None:
        """Args:
        config: says what webhooks want.
        events: where verdicts are published.
        """
        self._config, self._events = config, events
        self._queue: asyncio.Queue[_Verdict] = asyncio.Queue(_QUEUED)
        self._task: asyncio.Task[None] | None = None
        self._losing = False

    def told(self, operation: str, handler: Handler) -> Handler:
        """Return the handler, with its answers told behind their back."""

        async def handle(context: Context, request: Any) -> BaseModel | dict[str, Any]:
            answer = await handler(context, request)
            self.tell(operation, context, answer)
            return answer

        return handle

    def tell(self, operation: str, context: Context, answer: BaseModel | dict[str, Any]) -> None:
        """Leave a verdict to be published if a webhook wants it; never waits."""
        if VERDICT_MADE not in self._config.subscriptions.events:
            return
        try:
            self._queue.put_nowait(_Verdict(operation, context.request_id, utc_now(), answer))
        except asyncio.QueueFull:
            self._lost("more verdicts than can be published")

    async def start(self) -> None:
        """Begin to publish."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Publish what is queued, for two seconds at most."""
        if self._task is None:
            return
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._queue.join()
        except TimeoutError:
            log.warning("%d verdicts are not told to webhooks", self._queue.qsize())
        await end([self._task])

    async def _run(self) -> None:
        while True:
            verdict = await self._queue.get()
            try:
                await self._publish(verdict)
            except Exception:
                log.exception("a verdict cannot be told")
                webhook_metrics().verdict("LOST")
            finally:
                self._queue.task_done()

    async def _publish(self, verdict: _Verdict) -> None:
        event = event_of(verdict.operation, verdict.request_id, verdict.made_at, verdict.answer)
        for tries in range(1, _TRIES + 1):
            try:
                await self._events.publish(VERDICT_MADE, event, once=event["verdict_id"])
            except DinoError as error:
                if tries == _TRIES:
                    self._lost(error.message)
                    return
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                webhook_metrics().verdict("ok")
                self._losing = False
                return

    def _lost(self, why: str) -> None:
        webhook_metrics().verdict("LOST")
        if not self._losing:
            self._losing = True
            log.warning("verdicts are not told to webhooks: %s", why)


def event_of(operation: str, request_id: str, made_at: datetime, answer: BaseModel | dict[str, Any]) -> dict[str, Any]:
    """Return the event of a verdict: the answer's plain fields; lists, drawings and nested parts stay in the answer."""
    fields = dict(answer) if isinstance(answer, BaseModel) else answer
    return {
        "verdict_id": str(uuid.uuid4()),
        "operation": operation,
        "request_id": request_id,
        "made_at": made_at,
        **{name: value for name, value in fields.items() if isinstance(value, _TOLD_TYPES)},
    }
