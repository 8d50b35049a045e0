"""What the other services say of themselves, asked at most once a second however many want to know."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.errors import DinoError, ServiceUnavailable

_FRESH_SECONDS = 1.0
_PATIENCE_SECONDS = 1.5


class ServiceStatuses:
    """Short-lived copies of the services' own status."""

    def __init__(self, bus: BusClient) -> None:
        """Ask over this bus."""
        self._bus = bus
        self._kept: dict[str, tuple[float, dict[str, Any] | DinoError]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, service: str) -> dict[str, Any]:
        """Return the status of ``inference``, ``analytics`` or ``video``.

        Raises:
            DinoError: it does not answer.
        """
        async with self._locks.setdefault(service, asyncio.Lock()):
            kept = self._kept.get(service)
            if kept is None or kept[0] < time.monotonic():
                value = await self._ask(service)
                kept = self._kept[service] = (time.monotonic() + _FRESH_SECONDS, value)
        if isinstance(kept[1], DinoError):
            raise kept[1]
        return kept[1]

    async def _ask(self, service: str) -> dict[str, Any] | DinoError:
        context = Context("gateway-status", time.time() + _PATIENCE_SECONDS, "gateway")
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._bus.call(OPERATIONS[f"{service}-status"], {}, context)
        except TimeoutError:
            return ServiceUnavailable(f"No {service} service answers", retry_after=5)
        except DinoError as error:
            return error
