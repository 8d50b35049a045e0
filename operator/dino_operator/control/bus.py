"""A resource's bus: keeps writing what is wanted and asking how the services do, beside the loop."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dino_common.bus.rollout_link import RolloutLink
from dino_common.bus.tasks import end
from dino_common.contracts.configuration import Thresholds
from dino_common.contracts.rollout import Rollout
from dino_common.errors import Conflict, DinoError, ServiceUnavailable
from dino_operator import metrics
from dino_operator.control.answers import analytics_seen, comparison_seen, gateway_seen, inference_seen, self_test_seen
from dino_operator.control.queue import Key
from dino_operator.kube.leading import Leading
from dino_operator.observe import BusSeen, ComparisonSeen, SelfTestSeen
from dino_operator.rollout.step import Ask

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_OPEN_SECONDS = 3.0
_CONFLICT_SECONDS = 1.0
_GROWTH = 1.5
_SELF_TEST_SECONDS, _COMPARE_SECONDS = 90.0, 300.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the loop wants of a resource's bus.

    Attributes:
        thresholds, rollout: to be stored there.
        pods: ready pods of each model version; a change is a reason to ask at once.
        seconds: how often to ask otherwise.
        longest: while all answers stay the same, the pauses grow up to this many seconds.
    """

    thresholds: Thresholds
    rollout: Rollout
    pods: tuple[tuple[str, int], ...]
    seconds: float
    longest: float


class ResourceBus:
    """One resource's link and what came over it; a task of its own, so that a slow NATS holds nobody up.

    Args:
        key: of the resource.
        url: of its NATS.
        wake: called when something new was seen.
        leading: asked before what is stored is overwritten.
        opened: run once, after the first write.
    """

    def __init__(
        self,
        key: Key,
        url: str,
        wake: Callable[[Key], None],
        leading: Leading,
        opened: Callable[[RolloutLink], Awaitable[None]],
    ) -> None:
        """Begin to connect once something is wanted."""
        self.key, self.url, self._wake, self._leading, self._on_open = key, url, wake, leading, opened
        self._marked = False
        self.seen = BusSeen(reachable=False, asked=False, error="not asked yet")
        self.asked_with: tuple[tuple[str, int], ...] = ()
        self._wanted: Wanted | None = None
        self._stored: Rollout | None = None
        self._opening = asyncio.Lock()
        self._link: RolloutLink | None = None
        self._to_write, self._to_ask = asyncio.Event(), asyncio.Event()
        self._asking: dict[Ask, asyncio.Task[None]] = {}
        # Writing does not wait for answers, which take seconds from services that are busy.
        loops = ((self._write, self._to_write), (self._ask_all, self._to_ask))
        self._tasks = [asyncio.create_task(self._repeat(round_, due)) for round_, due in loops]

    def want(self, wanted: Wanted) -> None:
        """Say what is wanted from now on."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._to_write.set()
            self._to_ask.set()

    def stored(self, rollout: Rollout) -> bool:
        """Tell whether the services can see this rollout."""
        return self._stored == rollout

    def ask(self, question: Ask) -> None:
        """Send a question unless the same one is under way."""
        if question not in self._asking and self._link is not None:
            self._asking[question] = asyncio.create_task(self._answer(question, self._link))

    async def _repeat(self, round_: Callable[[Wanted], Awaitable[None]], due: asyncio.Event) -> None:
        wait, same = _FIRST_WAIT, 1.0
        while True:
            if self._wanted is None:
                await due.wait()
            same = 1.0 if due.is_set() else same * _GROWTH
            due.clear()
            wanted, before = self._wanted, self.seen
            assert wanted is not None
            try:
                await round_(wanted)
                same = same if self.seen == before else 1.0
                wait, pause = _FIRST_WAIT, min(wanted.seconds * same, wanted.longest)
            except DinoError as error:
                self._away(error.message)
                pause = wait * random.uniform(0.5, 1.0)
                wait = min(_LONGEST_WAIT, wait * 2)
            except Exception as error:
                log.exception("the bus of %s/%s", *self.key)
                self._away(repr(error))
                pause = wait = min(_LONGEST_WAIT, wait * 2)
            try:
                async with asyncio.timeout(pause):
                    await due.wait()
            except TimeoutError:
                pass

    async def _opened(self) -> RolloutLink:
        async with self._opening:
            if self._link is not None and self._link.closed:
                await self._link.close()
                self._link = None
            if self._link is None:
                self._link = await self._open()
            return self._link

    async def _open(self) -> RolloutLink:
        # nats-py tries for ever inside of its connect, and may swallow a cancellation.
        opening = asyncio.create_task(RolloutLink.open(self.url, *self.key, wait=_OPEN_SECONDS))
        try:
            await asyncio.wait([opening], timeout=_OPEN_SECONDS)
            if opening.done():
                return opening.result()
        finally:
            await end([opening])
        raise ServiceUnavailable("NATS does not answer at the address in the Secret")

    async def _write(self, wanted: Wanted) -> None:
        link = await self._opened()
        if not self._leading.sure():
            return
        try:
            await link.put_thresholds(wanted.thresholds, self._leading.confirm)
            await link.put_rollout(wanted.rollout, self._leading.confirm)
        except Conflict as error:
            # Who acts by now writes what holds; should it be us after all, we look again soon.
            log.info("%s/%s: %s", *self.key, error.message)
            asyncio.get_running_loop().call_later(_CONFLICT_SECONDS, self._to_write.set)
            return
        if not self.stored(wanted.rollout):
            self._stored = wanted.rollout
            self._wake(self.key)
        if not self._marked and self._leading.mark:
            await link.put_mark(self._leading.mark)
            self._marked = True
            await self._on_open(link)

    async def _ask_all(self, wanted: Wanted) -> None:
        link, keys, expected = await self._opened(), wanted.rollout.keys, dict(wanted.pods)
        statuses, analytics, gateway = await asyncio.gather(
            asyncio.gather(*(link.statuses(key, expect=expected.get(key) or None) for key in keys)),
            link.analytics(),
            link.gateway(),
        )
        found = {key: tuple(map(inference_seen, item)) for key, item in zip(keys, statuses, strict=True)}
        if self.asked_with != wanted.pods:
            self.asked_with = wanted.pods
            self._wake(self.key)
        self._look(
            replace(
                self.seen,
                reachable=True,
                asked=True,
                error=None,
                inference=found,
                analytics=analytics_seen(analytics),
                gateway=gateway_seen(gateway),
            )
        )

    def _away(self, error: str) -> None:
        self._look(
            replace(self.seen, reachable=False, asked=True, error=error, inference={}, analytics=None, gateway=None)
        )

    def _look(self, seen: BusSeen) -> None:
        metrics.BUS_CONNECTED.labels(*self.key).set(seen.reachable)
        if seen != self.seen:
            self.seen = seen
            self._wake(self.key)

    async def _answer(self, question: Ask, link: RolloutLink) -> None:
        key = question.key
        try:
            if question.kind == "self-test":
                test = await self._self_test(key, link)
                self._look(replace(self.seen, self_tests={**self.seen.self_tests, key: test}))
            else:
                comparison = await self._compare(key, link)
                self._look(replace(self.seen, comparisons={**self.seen.comparisons, key: comparison}))
        finally:
            del self._asking[question]

    async def _self_test(self, key: str, link: RolloutLink) -> SelfTestSeen:
        try:
            return self_test_seen(await link.self_test(key, timeout=_SELF_TEST_SECONDS), datetime.now(UTC))
        except DinoError as error:
            return SelfTestSeen(False, error=error.message, at=datetime.now(UTC))

    async def _compare(self, key: str, link: RolloutLink) -> ComparisonSeen:
        try:
            return comparison_seen(await link.compare(key, timeout=_COMPARE_SECONDS), datetime.now(UTC))
        except DinoError as error:
            return ComparisonSeen(error=error.message, at=datetime.now(UTC))

    async def close(self, *, forget: bool = False) -> None:
        """End the link.

        Args:
            forget: take back what was stored, if NATS answers and we still act: the resource is gone.
        """
        await end([*self._tasks, *self._asking.values()])
        link, self._link = self._link, None
        if link is not None:
            if forget and link.connected and await self._leading.confirm():
                try:
                    await link.forget()
                except DinoError as error:
                    log.info("the configuration of %s/%s stays in NATS: %s", *self.key, error.message)
            await link.close()
        if forget:
            metrics.BUS_CONNECTED.remove(*self.key)
