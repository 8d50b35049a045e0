"""The canary's share: the serving version's processes copy requests to a candidate, which does them and answers nobody.

Copies go to a subject of their own. A subscription of the candidate to the serving version's subjects would also hide
from callers that no process of that version is left.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Mapping
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic import BaseModel, ValidationError

from dino_common.bus import codec, subjects
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.service import Handler
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS, Service
from dino_common.errors import DinoError
from dino_inference.batcher import Batcher
from dino_inference.work_log import WorkLog

log = logging.getLogger(__name__)

MIRRORED = ("extract-features", "embed")
_PARTS = 10_000


def is_mirrored(request_id: str, percent: float) -> bool:
    """Whether a request is in the share: the same answer for the same id, ``percent`` of 0–100 of all ids."""
    return zlib.crc32(request_id.encode()) % _PARTS < percent * _PARTS / 100


class MirrorSender:
    """Copies a share of this process's requests while it serves and a candidate is in canary."""

    def __init__(self, connection: Connection, config: LiveConfig, key: str | None) -> None:
        """Send over this connection what the rollout says, as the version of this key."""
        self._connection, self._config, self._key = connection, config, key

    async def copy(self, operation: str, context: Context, request: BaseModel | dict[str, Any]) -> None:
        """Send a copy when the request is in the share; nobody waits for what becomes of it."""
        rollout = self._config.rollout
        if rollout is None or not rollout.mirror_percent or rollout.serving != self._key or rollout.candidate is None:
            return
        if context.mirrored or not is_mirrored(context.request_id, rollout.mirror_percent):
            return
        fields = request.model_dump(mode="json") if isinstance(request, BaseModel) else dict(request)
        if fields.get("patches"):
            fields["patches"] = "none"  # for the candidate's store they would be waste
        try:
            await self._connection.client.publish(
                self._connection.subjects.mirror(rollout.candidate, operation),
                codec.pack(fields),
                headers={subjects.REQUEST_ID: context.request_id},
            )
        except (nats.errors.Error, OSError) as error:
            log.debug("a request was not mirrored: %r", error)


class MirrorReceiver:
    """Does the copies that reach this candidate, with its own model and under its own version."""

    def __init__(
        self,
        connection: Connection,
        key: str,
        handlers: Mapping[str, Handler],
        batcher: Batcher,
        log_of_mirrored: WorkLog,
        limit: int,
    ) -> None:
        """Args:
        handlers: of the mirrored operations; they count what they do.
        batcher: whose queue tells how busy the model is.
        log_of_mirrored: counts what is left out.
        limit: copies and pictures in work above which further copies are left out.
        """
        self._connection, self._key, self._handlers = connection, key, handlers
        self._batcher, self._log, self._limit = batcher, log_of_mirrored, limit
        self._subscription: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take copies, shared with the other processes of this version."""
        if self._subscription is None:
            self._subscription = await self._connection.client.subscribe(
                self._connection.subjects.mirror(self._key, "*"), queue=Service.INFERENCE.value, cb=self._receive
            )

    async def stop(self) -> None:
        """Take no more and break off those under way."""
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            if not self._connection.client.is_closed:
                await subscription.unsubscribe()
        await end(tuple(self._tasks))

    async def _receive(self, msg: Msg) -> None:
        if max(len(self._tasks), self._batcher.depth) >= self._limit:
            self._log.skipped()
            return
        task = asyncio.create_task(self._work(msg))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, msg: Msg) -> None:
        operation = OPERATIONS[msg.subject.rpartition(".")[2]]
        context = Context(
            (msg.headers or {}).get(subjects.REQUEST_ID, ""),
            time.time() + operation.timeout_s,
            "mirror",
            operation.name,
            mirrored=True,
        )
        try:
            request = operation.request.model_validate(codec.unpack(msg.data))
            await self._handlers[operation.name](context, request)
        except (ValueError, ValidationError) as error:
            log.warning("a mirrored request cannot be read: %s", error)
        except DinoError as error:
            log.info("mirrored %s: %s", operation.name, error.message, extra={"request_id": context.request_id})
        except Exception:
            log.exception("mirrored %s failed", operation.name, extra={"request_id": context.request_id})
