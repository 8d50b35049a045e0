"""Characters let go of assets that are deleted, by event and by a look through all of them at start."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from dino_common.bus.events import ASSET_DELETED, Events
from dino_common.bus.tasks import end
from dino_common.errors import DinoError, NotFound
from dino_common.stores.assets import AssetStore
from dino_common.stores.characters import CharacterStore

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0


class AssetFollower:
    """Keeps galleries and master references to live assets."""

    def __init__(self, characters: CharacterStore, assets: AssetStore) -> None:
        """Use these stores."""
        self._characters, self._assets = characters, assets
        self._task: asyncio.Task[None] | None = None

    async def start(self, events: Events) -> None:
        """Follow deletions, and look once for what was deleted while nobody followed."""
        events.consume("characters", [ASSET_DELETED], self._deleted)
        self._task = asyncio.create_task(self._look_until_done())

    async def _deleted(self, kind: str, event: dict[str, Any]) -> None:
        asset_id = str(event["asset_id"])
        for character_id in await self._characters.using(asset_id):
            await self._let_go(character_id, asset_id)

    async def _let_go(self, character_id: str, asset_id: str) -> None:
        try:
            await self._characters.change(character_id, lambda record: record.without_asset(asset_id))
        except NotFound:
            return
        log.info("character %s let go of deleted asset %s", character_id, asset_id)

    async def _look_until_done(self) -> None:
        while True:
            try:
                return await self.look()
            except DinoError as error:
                log.warning("characters are compared with the library later: %s", error.message)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def look(self) -> None:
        """Let every character go of assets that are no more."""
        async for record in self._characters.iter_all():
            live = await self._assets.get_many(record.asset_ids)
            for asset_id in record.asset_ids:
                if asset_id not in live:
                    await self._let_go(record.character_id, asset_id)

    async def stop(self) -> None:
        """Stop looking."""
        await end([] if self._task is None else [self._task])
