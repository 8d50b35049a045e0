"""Handler of analytics-status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dino_analytics.library import Library
from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.contracts.internal import AnalyticsStatus, StatusRequest


class StatusHandlers:
    """The service about itself."""

    def __init__(self, instance: str, library: Library, not_ready: Callable[[], Awaitable[list[str]]]) -> None:
        """Report on this library."""
        self._instance, self._library, self._not_ready = instance, library, not_ready

    async def status(self, context: Context, request: StatusRequest) -> AnalyticsStatus:
        """Answer the bus operation ``analytics-status``."""
        reasons = await self._not_ready()
        indexed = 0
        if self._library.model_version is not None:
            _, index = self._library.current()
            indexed = await index.count()
        return AnalyticsStatus(
            service="analytics",
            instance=self._instance,
            version=__version__,
            ready=not reasons,
            reasons=reasons,
            indexed=indexed,
            model_version=self._library.model_version,
        )
