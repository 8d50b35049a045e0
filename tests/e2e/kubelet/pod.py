"""One pod on this node: its containers, its status, its end."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.e2e.kubelet.api import Api, ApiError, Manifest
from tests.e2e.kubelet.container import Container, Options, Surroundings
from tests.e2e.kubelet.events import Events
from tests.e2e.kubelet.references import ConfigError, References
from tests.e2e.kubelet.status import OWN_CONDITIONS, now, pod_status, waiting
from tests.e2e.kubelet.volumes import TOKEN_DIR, Volumes

from dino_common.bus.tasks import end
from dino_local.offspring import Guard

log = logging.getLogger(__name__)
RETRY_SECONDS = 0.5


@dataclass(frozen=True)
class Node:
    """What the pods of a node share."""

    name: str
    api: Api
    directory: Path
    logs: Path
    guard: Guard
    http: httpx.AsyncClient
    options: Options


class Pod:
    """Runs a pod from its arrival on the node to its removal from the API.

    Args:
        node: where it runs.
        pod: as scheduled.
        address: its own.
    """

    def __init__(self, node: Node, pod: Manifest, address: str) -> None:
        """Nothing runs before ``run``."""
        self.node = node
        self.pod = pod
        self.address = address
        self._started = now()
        self._own: dict[str, Manifest] = {}
        self._events = Events(node.api, pod, node.name)
        self._directory = node.directory / "pods" / pod["metadata"]["uid"]
        self._stopping = asyncio.Event()
        self._grace = 0.0
        self._dirty = asyncio.Event()
        self._init: list[Container] = []
        self._containers: list[Container] = []

    async def run(self) -> None:
        """Run the pod; return when it is gone."""
        publishing = asyncio.create_task(self._publish())
        living = asyncio.create_task(self._live())
        try:
            await self._stopping.wait()
            await asyncio.gather(*(container.stop(self._grace) for container in [*self._containers, *self._init]))
            await end([living, publishing])
            await self._remove()
        finally:
            await end([living, publishing])
            shutil.rmtree(self._directory, ignore_errors=True)

    def update(self, pod: Manifest) -> None:
        """Take a newer version of the pod; one that is being deleted is stopped."""
        self.pod = pod
        if "deletionTimestamp" in pod["metadata"]:
            self.stop(pod["metadata"].get("deletionGracePeriodSeconds", 30))

    def stop(self, grace: float) -> None:
        """Begin the end."""
        self._grace = grace
        self._stopping.set()

    async def _live(self) -> None:
        spec = self.pod["spec"]
        self._directory.mkdir(parents=True, exist_ok=True)
        around = self._around()
        self._init = [Container(item, around, self._dirty.set) for item in spec.get("initContainers") or []]
        self._containers = [Container(item, around, self._dirty.set) for item in spec["containers"]]
        for container in self._containers if self._init else []:
            container.state.state = waiting("PodInitializing")
        self._dirty.set()
        await self._mount(around)
        policy = spec.get("restartPolicy", "Always")
        for container in self._init:
            await container.run(until_success=True, policy=policy)
            if not container.state.succeeded:
                return
        async with asyncio.TaskGroup() as tasks:
            for container in self._containers:
                tasks.create_task(container.run(until_success=False, policy=policy))

    def _around(self) -> Surroundings:
        return Surroundings(
            pod=self.pod,
            address=self.address,
            directory=self._directory,
            logs=self.node.logs,
            references=References(self.node.api, self.pod["metadata"]["namespace"]),
            guard=self.node.guard,
            http=self.node.http,
            options=self.node.options,
            event=self._events.tell,
        )

    async def _mount(self, around: Surroundings) -> None:
        """Make the volumes; for as long as that fails, say why in an event and try again."""
        host = self.node.directory / "root"
        volumes = Volumes(self.node.api, self.pod, self._directory, host, self.address)
        containers = [container.spec for container in (*self._init, *self._containers)]
        mounted = {mount["mountPath"] for spec in containers for mount in spec.get("volumeMounts") or []}
        while not around.volumes:
            try:
                around.kubeconfig = await volumes.kubeconfig() if TOKEN_DIR in mounted else None
                around.volumes = await volumes.prepare()
                return
            except (ConfigError, ApiError) as error:
                self._events.tell("Warning", "FailedMount", f"MountVolume.SetUp failed: {error}")
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish(self) -> None:
        """Send the status after every change, and again until it has arrived."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._tell()

    async def _tell(self) -> None:
        while True:
            if await self._send():
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _send(self) -> bool:
        metadata = self.pod["metadata"]
        others = {item["type"]: item for item in self.pod.get("status", {}).get("conditions") or []}
        before = list((others | self._own).values())
        init, containers = ([item.state for item in group] for group in (self._init, self._containers))
        status = pod_status(before, self.pod["spec"].get("restartPolicy", "Always"), init, containers)
        status |= {"hostIP": "127.0.0.1", "podIP": self.address, "podIPs": [{"ip": self.address}]}
        status["startTime"] = self._started
        self._own = {item["type"]: item for item in status["conditions"] if item["type"] in OWN_CONDITIONS}
        try:
            # The uid: a pod of the same name that came after this one is refused.
            await self.node.api.patch(f"{self._path}/status", {"metadata": {"uid": metadata["uid"]}, "status": status})
        except ApiError as error:
            if error.status in (404, 409, 422):
                log.info("the status of %s is not wanted: %s", self._path, error)
                return True
            return False
        return True

    async def _remove(self) -> None:
        """Tell the last status, then remove the pod from the API."""
        await self._tell()
        precondition = {"uid": self.pod["metadata"]["uid"]}
        while True:
            try:
                await self.node.api.delete(self._path, {"gracePeriodSeconds": 0, "preconditions": precondition})
                return
            except ApiError as error:
                if error.status == 409:
                    return
                await asyncio.sleep(RETRY_SECONDS)

    @property
    def _path(self) -> str:
        metadata = self.pod["metadata"]
        return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
