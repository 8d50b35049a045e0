"""Free devices of the cluster, counted only when a resource asks for one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping

from dino_operator.control.queue import Key
from dino_operator.kube.client import KubeClient, Object
from dino_operator.kube.contained import quantity
from dino_operator.kube.errors import Forbidden
from dino_operator.kube.kinds import INSTANCE, NODES, PODS
from dino_operator.render.context import MODEL_LABEL

log = logging.getLogger(__name__)

_FRESH_SECONDS = 5.0


class Gpus:
    """Counts devices from nodes and pods; one count serves everybody for a few seconds."""

    def __init__(self, client: KubeClient) -> None:
        """Begin with nothing counted."""
        self._client = client
        self._lock = asyncio.Lock()
        self._counted_at = float("-inf")
        self._nodes: list[Object] = []
        self._pods: list[Object] = []

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
        there = sum(
            int(quantity((node["status"].get("allocatable") or {}).get(resource, "0")) or 0)
            for node in self._nodes
            if not node["spec"].get("unschedulable")
        )
        taken: Counter[bool] = Counter()
        for pod in self._pods:
            if pod["spec"].get("nodeName"):
                taken[_surging(pod, key, serving)] += _asked(pod, resource)
        return {resource: max(0, there - taken[False])}

    async def _count(self) -> None:
        try:
            self._nodes = await self._items(NODES.path(), {})
            running = {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"}
            self._pods = await self._items(PODS.path(), running)
        except Forbidden as error:
            # An operator of some namespaces need not see the cluster's nodes: none is known to be free then.
            log.warning("free devices are not counted: %s", error.message)
            self._nodes, self._pods = [], []
        self._counted_at = time.monotonic()

    async def _items(self, path: str, params: dict[str, str]) -> list[Object]:
        found: list[Object] = []
        more = ""
        while True:
            asked = {"limit": "500"} | params | ({"continue": more} if more else {})
            page = await self._client.request("list", "GET", path, params=asked)
            found += page["items"] or [] or []
            if not (more := page["metadata"].get("continue", "")):
                return found


def _asked(pod: Object, resource: str) -> int:
    asked = [
        int(quantity(((container.get("resources") or {}).get("limits") or {}).get(resource, "0")) or 0)
        for container in pod["spec"]["containers"]
    ]
    return sum(asked)


def _surging(pod: Object, key: Key, serving: str | None) -> bool:
    labels = pod["metadata"].get("labels", {})
    if (pod["metadata"]["namespace"], labels.get(INSTANCE)) != key or serving is None:
        return False
    return labels.get(MODEL_LABEL) not in (None, serving)
