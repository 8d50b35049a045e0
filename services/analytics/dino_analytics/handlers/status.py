"""Handler of analytics-status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dino_analytics.index.errors import IndexFault
from dino_analytics.library import Library
from dino_analytics.version_index import VersionIndex
from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.internal import AnalyticsStatus, StatusRequest
from dino_common.contracts.rollout import IndexStatus


class StatusHandlers:
    """The service about itself."""

    def __init__(
        self,
        instance: str,
        library: Library,
        config: LiveConfig,
        not_ready: Callable[[], Awaitable[list[str]]],
    ) -> None:
        """Report on this library; the rollout in ``config`` says which index is whose."""
        self._instance, self._library, self._config, self._not_ready = instance, library, config, not_ready

    async def status(self, context: Context, request: StatusRequest) -> AnalyticsStatus:
        """Answer the bus operation ``analytics-status``."""
        reasons = await self._not_ready()
        indexes = [await self._index(entry) for entry in self._library.open_indexes]
        serving = next((index for index in indexes if index.role == "serving"), None)
        return AnalyticsStatus(
            service="analytics",
            instance=self._instance,
            version=__version__,
            ready=not reasons,
            reasons=reasons,
            indexed=serving.indexed if serving else 0,
            model_version=self._library.model_version,
            indexes=indexes,
        )

    async def _index(self, entry: VersionIndex) -> IndexStatus:
        fault, indexed = None, 0
        try:
            indexed = await entry.index.count()
        except IndexFault as error:
            fault = str(error)
        serves = entry.model.version == self._library.model_version
        rollout = self._config.rollout
        previous = rollout is not None and rollout.previous is not None and entry.model.key == rollout.previous
        return IndexStatus(
            role="serving" if serves else "previous" if previous else "candidate",
            key=entry.model.key,
            model_version=entry.model.version,
            indexed=indexed,
            complete=entry.compared and not entry.stale,
            fault=fault or (self._library.fault if serves else None),
        )
