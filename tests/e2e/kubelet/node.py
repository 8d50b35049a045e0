"""Nodes of the test kubelet: registered, and their pods run."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from tests.e2e.kubelet.api import Api, ApiError, Manifest
from tests.e2e.kubelet.claims import provision, reclaim
from tests.e2e.kubelet.container import Options
from tests.e2e.kubelet.pod import Node, Pod
from tests.e2e.kubelet.status import now

from dino_common.bus.tasks import end
from dino_local.offspring import Guard

log = logging.getLogger(__name__)
USUAL = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}


class Kubelet:
    """Runs the pods of one or more nodes.

    Args:
        kubeconfig: of a user who may do what kubelets do, and make volumes.
        directory: state and logs.
        nodes: resources by node, beside ``USUAL``.
        options: see there.
    """

    def __init__(
        self, kubeconfig: Path, directory: Path, nodes: Mapping[str, Mapping[str, str]], options: Options
    ) -> None:
        """Nothing runs before ``run``."""
        self._api = Api(kubeconfig)
        self._directory = directory
        self._nodes = nodes
        self._options = options
        self._addresses = _addresses()
        self._pods: dict[str, Pod] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self, registered: asyncio.Event) -> None:
        """Register the nodes, set the event, and run pods until cancelled; then stop them all at once."""
        guard = Guard()
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=None) as http:
            tasks = [asyncio.create_task(provision(self._api, self._directory / "claims"))]
            tasks.append(asyncio.create_task(reclaim(self._api)))
            try:
                for name, resources in self._nodes.items():
                    await self._register(name, {**USUAL, **resources})
                    logs = self._directory / "logs"
                    place = self._directory / "nodes" / name
                    node = Node(name, self._api, place, logs, guard, http, self._options)
                    tasks.append(asyncio.create_task(self._follow(node)))
                registered.set()
                await asyncio.gather(*tasks)
            finally:
                await end(tasks)
                await end(self._running.values())
                await self._api.close()
                guard.close()

    async def _register(self, name: str, resources: dict[str, str]) -> None:
        labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        try:
            node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
            await self._api.create("/api/v1/nodes", node)
        except ApiError as error:
            if error.status != 409:
                raise
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "processes of a test",
            "lastHeartbeatTime": now(),
            "lastTransitionTime": now(),
        }
        status = {"capacity": resources, "allocatable": resources, "conditions": [ready]}
        await self._api.patch(f"/api/v1/nodes/{name}/status", {"status": status})

    async def _follow(self, node: Node) -> None:
        async for kind, pod in self._api.follow("/api/v1/pods", fieldSelector=f"spec.nodeName={node.name}"):
            uid = pod["metadata"]["uid"]
            if kind == "DELETED":
                if uid in self._pods:
                    self._pods[uid].stop(0)
            elif uid in self._pods:
                self._pods[uid].update(pod)
            elif (
                pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
                or "deletionTimestamp" in pod["metadata"]
            ):
                self._begin(node, uid, Pod(node, pod, next(self._addresses)))
                self._pods[uid].update(pod)

    def _begin(self, node: Node, uid: str, pod: Pod) -> None:
        self._pods[uid] = pod
        task = asyncio.create_task(pod.run(), name=f"{node.name}/{uid}")
        self._running[uid] = task

        def over(done: asyncio.Task[None]) -> None:
            self._pods.pop(uid, None)
            self._running.pop(uid, None)
            if not done.cancelled() and (error := done.exception()) is not None:
                log.error("the pod %s ended this kubelet's care", uid, exc_info=error)

        task.add_done_callback(over)


def _addresses() -> Iterator[str]:
    """Yield loopback addresses, starting elsewhere in each process, so that kubelets of one machine do not meet."""
    start = (os.getpid() % 200 + 20) << 16
    for number in itertools.count(start + 1):
        yield f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _wanted(pod: Manifest) -> bool:
    """Tell whether a pod that is new here has something to do: to run, or to be removed."""
    over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not over or "deletionTimestamp" in pod["metadata"]
