"""What the video service does about films that come and go: their size is told, what was kept of them is removed."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, Events
from dino_common.contracts import OPERATIONS
from dino_common.errors import AssetNotFound, DinoError
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.assets import AssetStore
from dino_common.stores.objects import Objects
from dino_common.stores.shots import ShotStore
from dino_video.analysis.film import Films
from dino_video.analysis.kept import forget_content
from dino_video.core.media.facts import probe
from dino_video.core.media.limits import MediaLimits

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0


class FilmsFollowing:
    """Follows the events of films."""

    def __init__(
        self,
        assets: AssetStore,
        shots: ShotStore,
        analyses: AnalysisStore,
        objects: Objects,
        bus: BusClient,
        limits: MediaLimits,
    ) -> None:
        """Use these stores."""
        self._assets, self._shots, self._analyses = assets, shots, analyses
        self._objects, self._bus = objects, bus
        self._films, self._limits = Films(objects), limits

    def start(self, events: Events) -> None:
        """Begin to consume events."""
        events.consume("video-films", [ASSET_CREATED, ASSET_DELETED], self._on_event, concurrency=2)

    async def _on_event(self, kind: str, event: dict[str, Any]) -> None:
        if event.get("kind") != "video":
            return
        if kind == ASSET_CREATED:
            await self._measure(event["asset_id"])
            return
        await self._shots.delete_of(event["asset_id"])
        await self._analyses.delete_of(event["asset_id"])
        if event.get("last"):
            await forget_content(self._objects, event["sha256"])

    async def _measure(self, asset_id: str) -> None:
        try:
            record = await self._assets.get(asset_id)
        except AssetNotFound:
            return
        try:
            facts = await asyncio.to_thread(lambda: probe(self._films.open(record), self._limits))
        except DinoError as error:
            if error.passing:
                raise
            log.info("the size of film %s cannot be told: %s", asset_id, error.message)
            return
        fields = {"asset_id": asset_id, "width": facts.width, "height": facts.height}
        context = Context("film-size", time.time() + _PATIENCE_SECONDS, "video", "film-size")
        await self._bus.call(OPERATIONS["set-film-size"], fields, context)
