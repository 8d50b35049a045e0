"""A whole cluster for tests: control plane, nodes that run processes, the stores, and the tools of its users."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.kubelet.api import Api, ApiError, Manifest
from tests.e2e.kubelet_process import KubeletProcess
from tests.e2e.waiting import until
from tests.integration.platform import Servers
from tests.kube.control_plane import ControlPlane
from tests.kube.tools import run_tool

RESOURCES = "/apis/dinov3.io/v1alpha1/namespaces/{namespace}/dinodeployments"


class Refused(AssertionError):
    """A tool ended badly; the message is what it said."""


@dataclass
class Cluster:
    """What the tests of one session share.

    Attributes:
        plane: the control plane; its API server may be taken away for a while.
        kubelet: runs the pods.
        servers: NATS, Redis, MongoDB and S3, outside of the cluster.
        api: of an administrator.
        image_models: directory of the models that are in the images, beside the built-in one.
    """

    plane: ControlPlane
    kubelet: KubeletProcess
    servers: Servers
    api: Api
    image_models: Path

    async def kubectl(self, *arguments: str, stdin: Manifest | list[Manifest] | None = None) -> str:
        """Run kubectl as an administrator and return what it said.

        Raises:
            Refused: it ended badly.
        """
        given = {"apiVersion": "v1", "kind": "List", "items": stdin} if isinstance(stdin, list) else stdin
        text = json.dumps(given) if given else None
        done = await asyncio.to_thread(run_tool, "kubectl", *arguments, environment=self.plane.environment, stdin=text)
        if done.returncode:
            raise Refused(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    async def helm(self, *arguments: str | Path) -> str:
        """Run helm as an administrator and return what it said.

        Raises:
            Refused: it ended badly.
        """
        done = await asyncio.to_thread(run_tool, "helm", *arguments, environment=self.plane.environment)
        if done.returncode:
            raise Refused(f"helm {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    async def found(self, path: str) -> Manifest | None:
        """Return an object by its path, None when there is none."""
        try:
            return await self.api.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def resource(self, namespace: str, name: str) -> Manifest:
        """Return a DinoDeployment."""
        return await self.api.get(f"{RESOURCES.format(namespace=namespace)}/{name}")

    async def pods(self, namespace: str, **labels: str) -> list[Manifest]:
        """Return the pods with these labels; ``component`` and ``instance`` are short for Kubernetes' own."""
        known = {"component": "app.kubernetes.io/component", "instance": "app.kubernetes.io/instance"}
        selector = ",".join(f"{known.get(name, name)}={value}" for name, value in labels.items())
        return (await self.api.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector))["items"]

    async def addresses(self, namespace: str, service: str) -> list[str]:
        """Return the ready pods behind a Service as ``host:port``.

        Not from Endpoints: the API server takes no loopback addresses there.
        """
        found = await self.found(f"/api/v1/namespaces/{namespace}/services/{service}")
        if found is None:
            return []
        pods = await self.pods(namespace, **found["spec"]["selector"])
        wanted = found["spec"]["ports"][0]["targetPort"]
        return [f"{pod['status']['podIP']}:{_port(pod, wanted)}" for pod in pods if is_ready(pod)]

    async def wait_condition(
        self, namespace: str, name: str, kind: str, status: str = "True", seconds: float = 60, reason: str | None = None
    ) -> Manifest:
        """Wait until a condition of a DinoDeployment has this status (and reason); return the condition."""

        async def check() -> Manifest | None:
            resource = await self.resource(namespace, name)
            found = condition(resource, kind)
            seen = {item["type"]: item for item in resource.get("status", {}).get("conditions") or []}
            assert found, f"{kind} is not among {sorted(seen)}"
            assert found["status"] == status, json.dumps(seen, indent=1)
            assert reason in (None, found["reason"]), json.dumps(seen, indent=1)
            return found

        return await until(check, f"{kind} is {status} ({reason or 'any reason'}) of {name}", seconds)


def _port(pod: Manifest, wanted: int | str) -> int:
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or []]
    return int(next((port["containerPort"] for port in ports if port.get("name") == wanted), wanted))


def condition(resource: Manifest, kind: str) -> Manifest | None:
    """Return a condition of an object."""
    conditions: list[Manifest] = resource.get("status", {}).get("conditions") or []
    return next((item for item in conditions if item["type"] == kind), None)


def is_ready(pod: Manifest) -> bool:
    """Tell whether a pod serves."""
    found = condition(pod, "Ready")
    return found is not None and found["status"] == "True" and "deletionTimestamp" not in pod["metadata"]
