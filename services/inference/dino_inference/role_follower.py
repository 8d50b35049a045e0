"""Follows the rollout: what this process begins and ceases to do when its model version's role changes."""

from __future__ import annotations

import asyncio
import logging

from dino_common.bus.live_config import LiveConfig
from dino_common.bus.tasks import end
from dino_common.runtime import Runtime
from dino_inference.background import BackgroundExtraction
from dino_inference.mirror import MirrorReceiver
from dino_inference.retirement import Retirement
from dino_inference.roles import Role, duties_of, role_of

log = logging.getLogger(__name__)

_TRY_AGAIN_SECONDS = 1.0


class RoleFollower:
    """Keeps jobs, events, sweep and mirror as the role wants them; a change is a message, never a restart."""

    def __init__(
        self,
        runtime: Runtime,
        background: BackgroundExtraction,
        retirement: Retirement,
        mirror: MirrorReceiver | None,
    ) -> None:
        """Args:
        mirror: None without a key, where there is no candidate.
        """
        self._runtime, self._background = runtime, background
        self._retirement, self._mirror = retirement, mirror
        self._config: LiveConfig = runtime.config
        self._key = runtime.settings.model_key or None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._told: Role | None = None

    @property
    def role(self) -> Role:
        """The role by the rollout as it is known now."""
        return role_of(self._config.rollout, self._key)

    async def start(self) -> None:
        """Take the present role and follow its changes."""
        self._config.on_rollout(lambda _: self._changed.set())
        self._changed.set()
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._take(self.role)
            except Exception as error:
                # What was begun stays; all of it may be asked for again.
                log.warning("taking the role %s again after: %r", self.role, error)
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
                self._changed.set()

    async def _take(self, role: Role) -> None:
        if role is not self._told:
            self._told = role
            log.info("this process's role is %s", role.value, extra={"key": self._key})
        duties = duties_of(role)
        if self._mirror is not None:
            await (self._mirror.start() if duties.mirrored else self._mirror.stop())
        await self._background.follow(duties, candidate=role is Role.REEMBED)
        await self._retirement.follow(duties.retirement)
        await self._runtime.take_jobs(duties.jobs)

    async def stop(self) -> None:
        """Follow no more and end what was begun here."""
        await end([] if self._task is None else [self._task])
        if self._mirror is not None:
            await self._mirror.stop()
        await self._retirement.stop()
        await self._background.stop()
