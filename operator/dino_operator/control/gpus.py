"""Free devices of the cluster, counted only when a resource asks for one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dino_operator.control.queue import Key
from dino_operator.kube.client import KubeClient, Object
from dino_operator.kube.contained import quantity
from dino_operator.kube.errors import Forbidden
from dino_operator.kube.kinds import INSTANCE, NODES, PODS
from dino_operator.render.context import MODEL_LABEL

log = logging.getLogger(__name__)

_FRESH_SECONDS = 5.0
# Of all that a pod asks for, devices are named with a domain: nvidia.com/gpu.
_Asked = dict[str, int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Taker:
    """What is kept of a pod that has devices: whose it is, and how many of each."""

    key: tuple[str, str | None]
    model: str | None
    asked: _Asked


class Gpus:
    """Counts devices from nodes and pods; one count serves everybody for a few seconds."""

    def __init__(self, client: KubeClient) -> None:
        """Begin with nothing counted."""
        self._client = client
        self._lock = asyncio.Lock()
        self._counted_at = float("-inf")
        self._offered: Counter[str] = Counter()
        self._takers: list[_Taker] = []

    async def free(self, resource: str, key: Key, serving: str | None) -> Mapping[str, int]:
        """Return how many of a device no pod has asked for.

        Those that a resource's own further pods hold, of another model version than the one that serves, count as
        free: a rollout under way keeps its strategy.

        Args:
            resource: name of the device, such as ``nvidia.com/gpu``.
            key: of the DinoDeployment.
            serving: key of its model version that serves.

        Raises:
            ApiError: the server does not answer.
        """
        async with self._lock:
            if time.monotonic() - self._counted_at > _FRESH_SECONDS:
                await self._count()
        taken = sum(taker.asked.get(resource, 0) for taker in self._takers if not _surging(taker, key, serving))
        return {resource: max(0, self._offered[resource] - taken)}

    async def _count(self) -> None:
        try:
            offers = await self._items(NODES.path(), {}, _offer)
            running = {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"}
            takers = await self._items(PODS.path(), running, _taker)
        except Forbidden as error:
            # An operator of some namespaces need not see the cluster's nodes: none is known to be free then.
            log.warning("free devices are not counted: %s", error.message)
            offers, takers = [], []
        self._offered, self._takers = sum(offers, Counter()), takers
        self._counted_at = time.monotonic()

    async def _items(self, path: str, params: dict[str, str], keep: Callable[[Object], T | None]) -> list[T]:
        """Return what is kept of every object; a page is let go before the next one comes."""
        found: list[T] = []
        more = ""
        while True:
            asked = {"limit": "500"} | params | ({"continue": more} if more else {})
            page = await self._client.request("list", "GET", path, params=asked)
            found += [kept for item in page["items"] or [] if (kept := keep(item)) is not None]
            if not (more := page["metadata"].get("continue", "")):
                return found


def _devices(quantities: Mapping[str, Any] | None) -> _Asked:
    return {name: int(quantity(value) or 0) for name, value in (quantities or {}).items() if "/" in name}


def _offer(node: Object) -> Counter[str] | None:
    return None if node["spec"].get("unschedulable") else Counter(_devices(node["status"].get("allocatable")))


def _taker(pod: Object) -> _Taker | None:
    if not pod["spec"].get("nodeName"):
        return None
    asked: Counter[str] = Counter()
    for container in pod["spec"]["containers"]:
        asked.update(_devices((container.get("resources") or {}).get("limits")))
    if not any(asked.values()):
        return None
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    return _Taker((metadata["namespace"], labels.get(INSTANCE)), labels.get(MODEL_LABEL), dict(asked))


def _surging(taker: _Taker, key: Key, serving: str | None) -> bool:
    return taker.key == key and serving is not None and taker.model not in (None, serving)
