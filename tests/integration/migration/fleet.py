"""A platform with inference processes of two model versions, and the operator's part played over the bus."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.integration.platform import Platform

from dino_common.bus.rollout_link import RolloutLink
from dino_common.contracts.internal import AnalyticsStatus, InferenceStatus
from dino_common.contracts.rollout import IndexStatus, Rollout
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.services import service_program

OLD, NEW = "0a0a0a0a", "1b1b1b1b"


async def wait_for(what: str, condition: Callable, seconds: float = 120.0):
    """Ask until the (async) condition returns something true, and return that."""
    end = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        await asyncio.sleep(0.05)
    return found


@dataclass
class Fleet:
    """The inference processes by model key beside the other services of a platform."""

    platform: Platform
    link: RolloutLink
    children: dict[str, Child] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    async def start(self, key: str, model: str, **environment: str) -> None:
        """Start a process of a version and wait until it answers."""
        ports = {**self.platform.endpoints.admin_ports, "inference": PortPicker(prefer_usual=False).pick(key, 0)}
        given = {**self.platform.environment, "DINO_MODEL_KEY": key, "DINOV3_MODEL_NAME": model, **environment}
        endpoints = replace(self.platform.endpoints, admin_ports=ports)
        program = service_program("inference", endpoints, self.platform.directory, given)
        log = self.platform.directory / "log" / f"inference-{key}.log"
        child = Child(program, log_file=log, guard=self.platform.servers.guard)
        self.children[key] = self.platform.children[f"inference-{key}"] = child
        await child.start()
        await child.wait_ready()
        status = await self.status(key)
        assert status.model is not None
        self.versions[key] = status.model.version

    async def kill(self, key: str) -> None:
        """``kill -9`` and wait until it is gone."""
        self.children[key].signal(signal.SIGKILL)
        await self.children[key].wait()

    async def stop(self) -> None:
        """Stop every process, the gateway first."""
        await self.link.close()
        await self.platform.stop()
        await asyncio.gather(*(child.stop() for child in self.children.values()))

    async def put(self, **fields: object) -> float:
        """Write the rollout; return the time at which it was written."""
        assert await self.link.put_rollout(Rollout(**fields))
        return time.monotonic()

    async def status(self, key: str) -> InferenceStatus:
        """What the one process of a version says."""
        found = await self.link.statuses(key, expect=1, patience=5)
        assert len(found) == 1, f"{len(found)} processes of {key} answer"
        return found[0]

    async def embedded(self, key: str) -> InferenceStatus:
        """Wait until a version has features of the whole library."""

        async def complete() -> InferenceStatus | None:
            status = await self.status(key)
            return status if status.library is not None and status.library.complete else None

        return await wait_for(f"library of {key}", complete)

    async def index(self, key: str) -> IndexStatus | None:
        """What analytics says of a version's index; None while it has none open, or does not answer."""
        status: AnalyticsStatus | None = await self.link.analytics()
        version = self.versions[key]
        return next((i for i in status.indexes if i.model_version == version), None) if status else None

    async def indexed(self, key: str, count: int) -> IndexStatus:
        """Wait until a version's index is complete and holds so many assets."""

        async def full() -> IndexStatus | None:
            found = await self.index(key)
            return found if found is not None and found.complete and found.indexed >= count else None

        return await wait_for(f"{count} assets in the index of {key}", full)
