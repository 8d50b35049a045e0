"""Retired model versions leave: their features and patch tokens are removed, some at a time."""

from __future__ import annotations

import asyncio
import logging
import time

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.tasks import end
from dino_common.contracts import OPERATIONS
from dino_common.errors import DinoError
from dino_inference.extraction import Extractor

log = logging.getLogger(__name__)

_BATCH = 500
_PAUSE_SECONDS, _TRY_AGAIN_SECONDS = 0.05, 10.0
_STATUS_SECONDS = 3.0


class Retirement:
    """Removes what the rollout calls retired, as long as this process serves."""

    def __init__(self, bus: BusClient, config: LiveConfig, extractor: Extractor) -> None:
        """Remove from the extractor's stores."""
        self._bus, self._config, self._extractor = bus, config, extractor
        self._task: asyncio.Task[None] | None = None
        self._gone: set[str] = set()

    async def follow(self, wanted: bool) -> None:
        """Begin or go on with the present rollout, or cease."""
        await end([] if self._task is None else [self._task])
        rollout = self._config.rollout
        self._task = None
        if wanted and rollout is not None and set(rollout.retired) != self._gone:
            self._gone &= set(rollout.retired)  # one that comes back and is retired again leaves again
            self._task = asyncio.create_task(self._run(rollout.retired))

    async def _run(self, retired: tuple[str, ...]) -> None:
        while left := [version for version in retired if version not in self._gone]:
            try:
                alive = await self._alive()
                for version in left:
                    if version in alive:
                        log.warning("%s is called retired but is in use; its features stay", version)
                    else:
                        await self._remove(version)
                    self._gone.add(version)
            except DinoError as error:
                log.warning("retired versions are removed later: %s", error.message)
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            except Exception:
                log.exception("retired versions are removed later")
                await asyncio.sleep(_TRY_AGAIN_SECONDS)

    async def _alive(self) -> set[str]:
        """Return the versions of every key in the rollout: two keys may name the same weights and card.

        Raises:
            DinoError: a candidate does not answer, so that its version is not known.
        """
        alive = {self._extractor.model.version}
        rollout = self._config.rollout
        if rollout is not None and rollout.candidate is not None:
            context = Context("retirement", time.time() + _STATUS_SECONDS, "inference")
            status = await self._bus.call(OPERATIONS["inference-status"], {}, context, model=rollout.candidate)
            alive.add(status["model"]["version"])
        return alive

    async def _remove(self, version: str) -> None:
        stores, removed = self._extractor.stores, 0
        while found := await stores.features.delete_version(version, _BATCH):
            removed += len(found)
            await asyncio.sleep(_PAUSE_SECONDS)
        tokens = 0
        while gone := await stores.objects.delete_below(f"patches/{version}/", _BATCH):
            tokens += gone
        log.info("removed %d features and %d patch-token files of %s", removed, tokens, version)

    async def stop(self) -> None:
        """Break off; whoever serves next goes on."""
        await end([] if self._task is None else [self._task])
