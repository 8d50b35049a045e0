"""What the other services say of themselves, asked at most once a second however many want to know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.errors import DinoError, ServiceUnavailable

_FRESH_SECONDS = 1.0
# Bad news is asked again sooner, so that a service that is back is seen to be back.
_FRESH_WHEN_NOT_READY_SECONDS = 0.2
_PATIENCE_SECONDS, _SHORT_PATIENCE_SECONDS = 1.5, 0.5


class ServiceStatuses:
    """Short-lived copies of the services' own status."""

    def __init__(self, bus: BusClient, serving: Callable[[], str | None] = lambda: None) -> None:
        """Ask over this bus.

        Args:
            bus: of this process.
            serving: tells the key of the model version that serves; at a cut-over inference is asked at once.
        """
        self._bus, self._serving = bus, serving
        self._kept: dict[tuple[str, str | None], tuple[float, dict[str, Any] | DinoError]] = {}
        self._locks: dict[tuple[str, str | None], asyncio.Lock] = {}

    async def get(self, service: str) -> dict[str, Any]:
        """Return the status of ``inference`` (of the version that serves), ``analytics`` or ``video``.

        Raises:
            DinoError: it does not answer.
        """
        return await self._fresh(service, self._serving() if service == "inference" else None, _PATIENCE_SECONDS)

    async def of_version(self, key: str) -> dict[str, Any]:
        """Return the status of a model version that may not serve, and may have no process.

        Raises:
            DinoError: none answers within half a second.
        """
        return await self._fresh("inference", key, _SHORT_PATIENCE_SECONDS)

    async def _fresh(self, service: str, key: str | None, patience: float) -> dict[str, Any]:
        which = (service, key)
        async with self._locks.setdefault(which, asyncio.Lock()):
            kept = self._kept.get(which)
            if kept is None or kept[0] < time.monotonic():
                value = await self._ask(service, key, patience)
                ready = isinstance(value, dict) and value["ready"]
                fresh = _FRESH_SECONDS if ready else _FRESH_WHEN_NOT_READY_SECONDS
                kept = self._kept[which] = (time.monotonic() + fresh, value)
        if isinstance(kept[1], DinoError):
            raise kept[1]
        return kept[1]

    async def _ask(self, service: str, key: str | None, patience: float) -> dict[str, Any] | DinoError:
        context = Context("gateway-status", time.time() + patience, "gateway")
        try:
            async with asyncio.timeout(patience):
                return await self._bus.call(OPERATIONS[f"{service}-status"], {}, context, model=key)
        except TimeoutError:
            return ServiceUnavailable(f"No {service} service answers", retry_after=5)
        except DinoError as error:
            return error
