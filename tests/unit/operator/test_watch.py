"""The local copy follows the server over every kind of gap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web
from tests.unit.operator.scripted_api import Handler, item, listed, scripted, status, stream

from dino_common.bus.tasks import end
from dino_operator.kube.kinds import Kind
from dino_operator.kube.watch import Watch

MAPS = Kind("v1", "ConfigMap", "configmaps")


async def follow(
    handler: Handler, finished: Callable[[Watch], bool]
) -> tuple[Watch, list[tuple[str | None, str | None]]]:
    """Run a watch on a scripted server until its copy is as it should be; return it with the changes it told."""
    told: list[tuple[str | None, str | None]] = []
    done = asyncio.Event()

    def on_change(_: Kind, old: dict | None, new: dict | None) -> None:
        told.append(tuple(o and o["metadata"]["name"] + o["metadata"]["resourceVersion"] for o in (old, new)))
        asyncio.get_running_loop().call_soon(lambda: finished(watch) and done.set())

    async with scripted(handler) as client:
        watch = Watch(client, MAPS, on_change, seconds=5)
        task = asyncio.create_task(watch.run())
        try:
            async with asyncio.timeout(5):
                await done.wait()
        finally:
            await end([task])
    return watch, told


def versions(watch: Watch) -> dict[str, str]:
    return {found["metadata"]["name"]: found["metadata"]["resourceVersion"] for found in watch}


async def test_a_version_that_is_too_old_is_listed_anew_and_deletions_in_between_are_told() -> None:
    lists = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal lists
        if "watch" not in request.query:
            lists += 1
            return listed(10, item("a", 5), item("b", 6)) if lists == 1 else listed(30, item("b", 6), item("c", 29))
        if lists == 1:
            assert request.query["resourceVersion"] == "10"
            gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "old"}}
            return await stream(request, [gone])
        return await stream(request, [], until=asyncio.Event())

    watch, told = await follow(handler, lambda w: versions(w) == {"b": "6", "c": "29"})
    assert told == [(None, "a5"), (None, "b6"), ("a5", None), (None, "c29")]
    assert [i["metadata"]["name"] for i in watch.group(("default", "b"))] == ["b"]
    assert not watch.group(("default", "a"))


async def test_a_watch_that_ends_goes_on_from_where_it_was() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return listed(10, item("a", 5))
        seen.append(request.query["resourceVersion"])
        match len(seen):
            case 1:
                mark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "20"}}}
                return await stream(request, [{"type": "MODIFIED", "object": item("a", 11)}, mark])
            case 2:
                return status(500, "InternalError")
            case 3:
                return await stream(request, [{"type": "DELETED", "object": item("a", 21)}])
        return await stream(request, [{"type": "ADDED", "object": item("a", 22)}], until=asyncio.Event())

    _, told = await follow(handler, lambda w: versions(w) == {"a": "22"})
    assert seen[:4] == ["10", "20", "20", "21"]
    assert told == [(None, "a5"), ("a5", "a11"), ("a11", None), (None, "a22")]


async def test_long_lists_come_in_pages_and_a_page_that_expired_begins_anew() -> None:
    asked: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        if "watch" in request.query:
            return await stream(request, [], until=asyncio.Event())
        asked.append(request.query.get("continue"))
        match len(asked):
            case 1 | 3:
                more = {"resourceVersion": "9", "continue": "more"}
                return web.json_response({"metadata": more, "items": [item("a", 1)]})
            case 2:
                return status(410, "Expired")
        return listed(9, item("b", 2))

    _, told = await follow(handler, lambda w: len(w) == 2)
    assert asked == [None, "more", None, "more"]
    assert told == [(None, "a1"), (None, "b2")]


async def test_what_we_wrote_ourselves_is_known_before_the_watch_tells_and_is_not_told_again() -> None:
    begun, wrote = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return listed(10, item("a", 5))
        begun.set()
        await wrote.wait()
        old = {"type": "DELETED", "object": item("a", 11)}
        events = [old, {"type": "ADDED", "object": item("a", 12)}, {"type": "ADDED", "object": item("z", 13)}]
        return await stream(request, events, until=asyncio.Event())

    told: list[str] = []
    async with scripted(handler) as client:
        seen_last = asyncio.Event()

        def on_change(_: Kind, old: dict | None, new: dict | None) -> None:
            told.append((new or {"metadata": {"name": "gone"}})["metadata"]["name"])
            if told[-1] == "z":
                seen_last.set()

        watch = Watch(client, MAPS, on_change, seconds=5)
        task = asyncio.create_task(watch.run())
        async with asyncio.timeout(5):
            await begun.wait()
            # Deleted by somebody, and made anew by us, before the watch says either.
            watch.learn(item("a", 12))
            wrote.set()
            await seen_last.wait()
        await end([task])
    assert versions(watch)["a"] == "12"
    assert told == ["a", "z"]
