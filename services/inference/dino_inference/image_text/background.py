"""Places the library's pictures in the image-text space without a request, behind their features."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from dino_common.bus.events import FEATURES_STORED, Consumption, Events
from dino_common.bus.tasks import end
from dino_common.errors import DinoError, ModelNotLoaded
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.features import FeatureStore
from dino_inference.image_text.placing import SPACE, Placing
from dino_inference.roles import Role

log = logging.getLogger(__name__)

_PAGE = 256
_LOOK_SECONDS, _TRY_AGAIN_SECONDS = 2.0, 30.0


class ImageTextBackground:
    """Follows stored features while this process's version serves, and walks through the library once at its start.

    A picture's features come first: whoever waits for them does not wait for this.
    """

    def __init__(
        self, placing: Placing, assets: AssetStore, features: FeatureStore, events: Events, role: Callable[[], Role]
    ) -> None:
        """Nothing runs yet."""
        self._placing, self._assets, self._features = placing, assets, features
        self._events, self._role = events, role
        self._task: asyncio.Task[None] | None = None
        self._consumption: Consumption | None = None
        self._walked = False

    async def start(self) -> None:
        """Begin, unless the space is switched off."""
        if not self._placing.off:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            serves = self._role() is Role.SERVING
            if serves and self._consumption is None:
                self._consumption = self._events.consume("inference-image-text", [FEATURES_STORED], self._stored)
            elif not serves and self._consumption is not None:
                ceased, self._consumption = self._consumption, None
                await ceased.stop()
            pause = _LOOK_SECONDS
            if serves and not self._walked:
                try:
                    await self._walk()
                except DinoError as error:
                    log.warning("placing the library's pictures is tried again: %s", error.message)
                    pause = _TRY_AGAIN_SECONDS
                except Exception:
                    log.exception("placing the library's pictures is tried again")
                    pause = _TRY_AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def _stored(self, kind: str, event: dict[str, Any]) -> None:
        for record in await self._assets.with_hashes([event["sha256"]], "image"):
            if not await self._is_visual(record, event["model_version"]):
                return
            try:
                failures = await self._placing.make_sure([record.asset_id])
            except ModelNotLoaded:
                self._walked = False  # the walk finds it when there is a model
                return
            for error in failures.values():
                log.info("asset %s has no place in the image-text space: %s", record.asset_id, error.message)
            return  # assets of the same content share the vector

    async def _is_visual(self, record: AssetRecord, version: str) -> bool:
        found = await self._features.get(record.sha256, version)
        return found is None or found.space != SPACE

    async def _walk(self) -> None:
        """Place every picture that has no place yet."""
        self._walked = True
        if not (await self._assets.list(1, kind="image"))[0]:
            return  # what comes is followed by events: an empty library needs no model
        self._walked = False
        version = (await self._placing.model()).version
        placed, page = 0, []
        async for record in self._assets.iter_all(kind="image"):
            page.append(record)
            if len(page) >= _PAGE:
                placed += await self._place(page, version)
                page.clear()
        placed += await self._place(page, version)
        if placed:
            log.info("placed %d pictures in the image-text space %s", placed, version)
        self._walked = True

    async def _place(self, page: list[AssetRecord], version: str) -> int:
        have = await self._features.exists_many([record.sha256 for record in page], version)
        missing = list({record.sha256: record.asset_id for record in page if record.sha256 not in have}.values())
        done = 0
        for asset_id in missing:
            done += not await self._placing.make_sure([asset_id])
        return done

    async def stop(self) -> None:
        """End; what is consumed ends with the events."""
        await end([] if self._task is None else [self._task])
