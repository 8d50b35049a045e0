"""The operator as its users install it: by the chart, in a namespace of its own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.e2e.cluster import Cluster, is_ready
from tests.e2e.kubelet.api import Manifest
from tests.e2e.waiting import until
from tests.integration.platform import CHECKOUT

CHART = CHECKOUT / "charts" / "dinov3-platform"
NAMESPACE, RELEASE = "dino-system", "dino"
# Every address of a pod is its own loopback address; and tests do not wait as long as people do.
ENVIRONMENT = {
    "DINO_OPERATOR_ADMIN_HOST": "0.0.0.0",
    "DINO_OPERATOR_OBSERVE_SECONDS": "0.5",
    "DINO_OPERATOR_STEADY_SECONDS": "2",
    "DINO_OPERATOR_RESYNC_SECONDS": "20",
}


@dataclass(frozen=True)
class Operator:
    """The installed operator."""

    cluster: Cluster

    async def pod(self) -> Manifest:
        """Return its one pod that is ready; wait for it."""

        async def check() -> Manifest | None:
            found = [pod for pod in await self.cluster.pods(NAMESPACE) if is_ready(pod)]
            return found[0] if len(found) == 1 else None

        return await until(check, "one operator is ready", 60)

    async def restarts(self) -> int:
        """Return how often its container was started again."""
        found = [pod["status"].get("containerStatuses") or [] for pod in await self.cluster.pods(NAMESPACE)]
        return sum(state["restartCount"] for states in found for state in states)

    async def kill(self) -> None:
        """``kill -9``, whether it is ready or not."""

        async def hit() -> bool:
            for pod in await self.cluster.pods(NAMESPACE):
                pid = self.cluster.kubelet.pid(NAMESPACE, pod["metadata"]["name"], "operator")
                with suppress(ProcessLookupError):
                    if pid is not None:
                        os.kill(pid, signal.SIGKILL)
                        return True
            return False

        await until(hit, "the operator is killed")

    def log(self) -> str:
        """Return everything it has written, in all its lives."""
        return self.cluster.kubelet.log("dino")


@asynccontextmanager
async def installed(cluster: Cluster) -> AsyncIterator[Operator]:
    """Install the chart; uninstall it when the block ends."""
    environment = [{"name": name, "value": value} for name, value in ENVIRONMENT.items()]
    where = ("--namespace", NAMESPACE)
    await cluster.helm(
        *("upgrade", "--install", RELEASE, CHART, *where, "--create-namespace"),
        *("--set-json", f"operator.env={json.dumps(environment)}"),
    )
    operator = Operator(cluster)
    await operator.pod()
    try:
        yield operator
    finally:
        await cluster.helm("uninstall", RELEASE, *where, "--wait=hookOnly")
