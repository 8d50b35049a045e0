"""Indexes beside the serving one: built while a candidate embeds the library, kept while a version is the previous,
dropped once it is retired."""

from __future__ import annotations

import asyncio
import logging

from pydantic import ValidationError

from dino_analytics.library import Library
from dino_analytics.serving import ServingWatch, ask_status, model_of
from dino_common.bus.client import BusClient
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.tasks import end
from dino_common.contracts.rollout import Rollout
from dino_common.errors import DinoError
from dino_common.validation import explain

log = logging.getLogger(__name__)

_PERIOD_SECONDS, _PATIENCE_SECONDS = 2.0, 3.0


class CandidateWatch:
    """Follows the rollout's other versions; nothing to do where there is no rollout."""

    def __init__(self, bus: BusClient, config: LiveConfig, serving: ServingWatch, library: Library) -> None:
        """Use these parts."""
        self._bus, self._config, self._serving, self._library = bus, config, serving, library
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._compared_complete: str | None = None
        self._dropped: set[str] = set()

    async def start(self) -> None:
        """Begin to follow."""
        self._config.on_rollout(lambda _: self._wake.set())
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            rollout = self._config.rollout
            try:
                if rollout is not None:
                    await self._look(rollout)
                elif self._serving.known and self._serving.known.version == self._library.model_version:
                    await self._library.keep(())
            except DinoError as error:
                log.warning("following the rollout's other versions: %s", error.message)
            except ValidationError as error:
                log.warning("the status of a candidate cannot be read: %s", explain(error))
            except Exception:
                log.exception("following the rollout's other versions failed; trying again")
            try:
                async with asyncio.timeout(_PERIOD_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def _look(self, rollout: Rollout) -> None:
        kept = [model.version for key in rollout.keys if (model := self._serving.of_key(key)) is not None]
        serving = self._serving.of_key(rollout.serving)
        if serving is not None and serving.version == self._library.model_version:
            # Else the change to another serving version is under way, and the old index answers until it is done.
            await self._library.keep(kept)
            await self._drop(rollout, set(kept))
        if rollout.candidate is not None and rollout.phase == "reembed":
            await self._build(rollout.candidate)
        for entry in self._library.open_indexes:
            if entry.stale and entry.model.version != self._library.model_version:
                await self._library.prepare(entry.model)

    async def _build(self, key: str) -> None:
        """Open the candidate's index once it tells its version, and compare it once more when its library is done."""
        status = await ask_status(self._bus, key, _PATIENCE_SECONDS)
        model = model_of(status, key)
        if model is None or self._config.rollout is None or self._config.rollout.candidate != key:
            return
        self._serving.learn(model)
        complete = status.library is not None and status.library.complete
        if self._library.of_version(model.version) is None:
            await self._library.prepare(model)
        elif complete and self._compared_complete != key:
            # Events may have gone to a replica that had not opened it yet.
            await self._library.prepare(model)
            self._compared_complete = key
        if not complete and self._compared_complete == key:
            self._compared_complete = None

    async def _drop(self, rollout: Rollout, alive: set[str]) -> None:
        self._dropped &= set(rollout.retired)
        if rollout.candidate is not None and self._serving.of_key(rollout.candidate) is None:
            return  # it may be of a version that was retired before
        for version in rollout.retired:
            if version in self._dropped or version in alive:
                continue
            await self._library.drop(version)
            self._dropped.add(version)

    async def stop(self) -> None:
        """Follow no more."""
        await end([] if self._task is None else [self._task])
