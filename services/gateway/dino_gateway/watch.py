"""What the gateway sees of the deployment, for its metrics: parts that answer, queues and how old they are."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from dino_common.contracts.rollout import Rollout
from dino_common.errors import DinoError
from dino_common.metrics import watch_metrics
from dino_gateway.backends import Backends

log = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0
_PATIENCE_SECONDS = 3.0
_OF_VERSION = re.compile(r"-([0-9a-f]{8})$")
_SERVICES = ("inference", "analytics", "video")
_SILENT = (nats.errors.Error, APIError, TimeoutError, OSError)


async def watch_deployment(backends: Backends) -> None:
    """Look every five seconds, for ever."""
    while True:
        try:
            await asyncio.gather(_look_at_parts(backends), _look_at_streams(backends))
        except Exception:
            log.exception("the deployment could not be looked at")
        await asyncio.sleep(_EVERY_SECONDS)


async def _look_at_parts(b: Backends) -> None:
    answers = {
        "mongodb": _within(b.mongo.ping()),
        "redis": _within(b.cache.ping()),
        "objects": _within(b.objects.ping()),
        **{service: _ready(b, service) for service in _SERVICES},
    }
    found = dict(zip(answers, await asyncio.gather(*answers.values()), strict=True))
    for part, up in {"nats": b.connection.connected, **found}.items():
        watch_metrics().part_up.set(float(up), part=part)


async def _within(ping: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await ping
    except TimeoutError:
        return False


async def _ready(b: Backends, service: str) -> bool:
    try:
        return bool((await b.statuses.get(service))["ready"])
    except DinoError:
        return False


async def _look_at_streams(b: Backends) -> None:
    metrics, js, subjects = watch_metrics(), b.connection.jetstream(_PATIENCE_SECONDS), b.connection.subjects
    streams = {"jobs": subjects.jobs_stream, "events": subjects.events_stream}
    try:
        consumers = [(stream, info) for stream, name in streams.items() for info in await js.consumers_info(name)]
        oldest = await _oldest(js, subjects.jobs_stream)
    except _SILENT as error:
        log.debug("the streams were not seen: %r", error)
        for level in (metrics.waiting, metrics.delivered, metrics.oldest):
            level.clear()
        return
    rollout = b.config.rollout
    labelled = [
        ({"stream": stream, "consumer": info.name}, info) for stream, info in consumers if _follows(info.name, rollout)
    ]
    metrics.waiting.replace((info.num_pending or 0, labels) for labels, info in labelled)
    metrics.delivered.replace((info.num_ack_pending or 0, labels) for labels, info in labelled)
    metrics.oldest.set(oldest)


def _follows(consumer: str, rollout: Rollout | None) -> bool:
    """Whether anybody is to follow: those of a model version that is out of use fall behind and are forgotten."""
    key = _OF_VERSION.search(consumer)
    return key is None or rollout is None or key.group(1) in (rollout.serving, rollout.candidate)


async def _oldest(js: JetStreamContext, stream: str) -> float:
    """Age in seconds of a work queue's first message, 0 when it has none: acknowledged ones are not kept."""
    state = (await js.stream_info(stream)).state
    if not state.messages:
        return 0.0
    try:
        first = await js.get_msg(stream, state.first_seq)
    except NotFoundError:
        return 0.0  # it ended at this moment
    return 0.0 if first.time is None else max(0.0, time.time() - first.time.timestamp())
