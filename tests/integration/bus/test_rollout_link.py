"""What the operator stores for the services: never over the head of another operator, and gone with its resource."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dino_common.bus.live_config import open_bucket
from dino_common.bus.rollout_link import RolloutLink
from dino_common.contracts.configuration import Thresholds
from dino_common.contracts.rollout import Rollout
from dino_common.errors import Conflict

A, B = "aaaaaaaa", "bbbbbbbb"


@asynccontextmanager
async def opened(nats, name: str) -> AsyncIterator[RolloutLink]:
    link = await RolloutLink.open(nats.server.url, "strays", name)
    try:
        yield link
    finally:
        await link.close()


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def test_what_another_operator_stored_is_not_overwritten_by_who_may_not(nats) -> None:
    async with opened(nats, "may-not") as link:
        assert await link.put_rollout(Rollout(serving=A), no), "nothing is there to be overwritten"
        with pytest.raises(Conflict, match="another operator"):
            await link.put_rollout(Rollout(serving=B), no)
        assert await link.rollout() == Rollout(serving=A)
        assert not await link.put_rollout(Rollout(serving=A), no), "the same is no write"
        assert await link.put_rollout(Rollout(serving=B), yes)


async def test_who_is_stopped_between_asking_and_writing_is_in_nobodys_way(nats) -> None:
    async with opened(nats, "stopped") as old, opened(nats, "stopped") as new:
        await old.put_thresholds(Thresholds(quality=1))

        async def overtaken() -> bool:
            await new.put_thresholds(Thresholds(quality=3))
            return True

        with pytest.raises(Conflict, match="somebody else"):
            await old.put_thresholds(Thresholds(quality=2), overtaken)
        assert await old.thresholds() == Thresholds(quality=3)


async def test_the_marked_are_found_and_forgotten_and_others_are_not(nats) -> None:
    async with opened(nats, "mine") as mine, opened(nats, "theirs") as theirs, opened(nats, "nobodys") as nobodys:
        for link, mark in ((mine, "l1"), (theirs, "l2"), (nobodys, None)):
            await link.put_rollout(Rollout(serving=A))
            if mark is not None:
                await link.put_mark(mark)
                await link.put_mark(mark)
        assert await nobodys.marked("l1") == [("strays", "mine")]
        assert (await (await open_bucket(mine._connection)).get("operator")).revision == 2, "written once"
        await nobodys.forget("strays", "mine")
        assert await mine.rollout() is None
        assert await mine.marked("l1") == []
        assert await theirs.rollout() == await nobodys.rollout() == Rollout(serving=A)
        await nobodys.forget("strays", "never-there")
        await mine.put_rollout(Rollout(serving=B), no)
        assert await mine.rollout() == Rollout(serving=B), "who comes again finds the place free"
