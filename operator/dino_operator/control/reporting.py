"""What the operator says of resources: events for steps, metrics for everything."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from dino_common.bus.tasks import end
from dino_operator import metrics
from dino_operator.control.queue import Key
from dino_operator.control.resources import key_of
from dino_operator.kube.client import Object
from dino_operator.kube.events import Recorder
from dino_operator.rollout.step import Event
from dino_operator.spec.status import DinoDeploymentStatus

_VALUES = {"True": 1, "False": 0}


class Reporting:
    """Posts events in the order they happened and keeps the series of each resource."""

    def __init__(self, recorder: Recorder) -> None:
        """Post with this recorder."""
        self._recorder = recorder
        self._pending: asyncio.Queue[tuple[Object, Event]] = asyncio.Queue(maxsize=10_000)
        self._series: dict[Key, frozenset[tuple[str, ...]]] = {}
        self._conditions: dict[Key, frozenset[tuple[str, str]]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    async def run(self) -> None:
        """Post what is pending until cancelled."""
        posts = [asyncio.create_task(self._post()) for _ in range(2)]
        try:
            await asyncio.gather(*posts)
        finally:
            await end(posts)

    async def _post(self) -> None:
        while True:
            body, event = await self._pending.get()
            try:
                await self._recorder.post(body, event.type, event.reason, event.message)
            finally:
                self._pending.task_done()

    async def flush(self) -> None:
        """Wait until nothing is pending."""
        await self._pending.join()

    def report(self, body: Object, status: DinoDeploymentStatus, events: Iterable[Event]) -> None:
        """Say what happened to a resource, and how it is."""
        about = {name: body[name] for name in ("apiVersion", "kind", "metadata")}
        for event in events:
            if not self._pending.full():
                self._pending.put_nowait((about, event))
        key = key_of(body)
        self._count(key, frozenset((c.type, c.status) for c in status.conditions or []))
        found: dict[tuple[str, ...], float] = {
            ("condition", c.type, c.reason): _VALUES.get(c.status, -1) for c in status.conditions or []
        }
        if (migration := status.migration) is not None and migration.phase:
            found["phase", migration.phase] = 1
            if migration.percent is not None:
                found["percent",] = migration.percent
        if status.images_per_second is not None:
            found["images",] = status.images_per_second
        if status.inference is not None:
            found["replicas", "ready"] = status.inference.ready_replicas
            if wanted := (status.inference.summary or "").partition("/")[2]:
                found["replicas", "wanted"] = int(wanted)
        for series in self._series.get(key, frozenset()) - found.keys():
            _gauge(series[0]).remove(*key, *series[1:])
        for series, value in found.items():
            _gauge(series[0]).labels(*key, *series[1:]).set(value)
        self._series[key] = frozenset(found)

    def _count(self, key: Key, now: frozenset[tuple[str, str]]) -> None:
        before = self._conditions.get(key, frozenset())
        for pair in before - now:
            self._counts[pair] -= 1
        for pair in now - before:
            self._counts[pair] += 1
        for pair in before ^ now:
            metrics.RESOURCES.labels(*pair).set(self._counts[pair])
        self._conditions[key] = now

    def drop(self, key: Key) -> None:
        """End the series of a resource that is gone."""
        self._count(key, frozenset())
        del self._conditions[key]
        for series in self._series.pop(key, frozenset()):
            _gauge(series[0]).remove(*key, *series[1:])


def _gauge(name: str):
    return {
        "condition": metrics.CONDITION,
        "phase": metrics.MIGRATION_PHASE,
        "percent": metrics.MIGRATION_PERCENT,
        "images": metrics.IMAGES_PER_SECOND,
        "replicas": metrics.INFERENCE_REPLICAS,
    }[name]
