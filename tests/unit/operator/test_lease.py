"""Who was stopped does not act on: sure by every clock, and confirmed by the API server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from tests.unit.operator.scripted_api import scripted, status

from dino_operator.control.children import Children
from dino_operator.kube import lease as module
from dino_operator.kube.kinds import Kind
from dino_operator.kube.leading import NotLeadingError
from dino_operator.kube.lease import Lease


class Server:
    """An API server with one Lease."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.requests = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        if request.method in ("POST", "PUT"):
            body = await request.json()
            version = int((self.lease or {"metadata": {"resourceVersion": "0"}})["metadata"]["resourceVersion"])
            self.lease = body | {"metadata": body["metadata"] | {"uid": "l1", "resourceVersion": str(version + 1)}}
        return web.json_response(self.lease) if self.lease else status(404, "NotFound")


class Clocks:
    """Clocks that move as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = (100.0, 1_000.0, 100.0)
        monkeypatch.setattr(module, "clocks", lambda: self.now)


@pytest.fixture
async def held(monkeypatch: pytest.MonkeyPatch):
    """A lease of 15 s that is held, its server, and the clocks that it sees."""
    server, clocks, leads = Server(), Clocks(monkeypatch), asyncio.Event()
    async with scripted(server.answer) as client:
        lease = Lease(client, "default", "dino", "one", 15.0, lambda leader: leads.set() if leader else None)
        task = asyncio.create_task(lease.run())
        async with asyncio.timeout(5):
            await leads.wait()
        yield lease, server, clocks
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_holds_the_lease_is_sure_and_asks_nobody(held) -> None:
    lease, server, _ = held
    before = server.requests
    assert lease.sure()
    assert server.requests == before
    assert await lease.confirm()
    assert lease.mark == "l1"


@pytest.mark.parametrize(
    "later",
    [(111.0, 1_000.0, 100.0), (100.0, 1_011.0, 100.0), (100.0, 1_000.0, 111.0)],
    ids=["a stopped process", "a stopped machine whose wall clock was set", "a machine that slept"],
)
async def test_time_that_passed_by_any_clock_makes_unsure(held, later: tuple[float, ...]) -> None:
    lease, server, clocks = held
    clocks.now = later
    before = server.requests
    assert not lease.sure()
    assert not await lease.confirm()
    assert server.requests == before, "whoever is not sure by itself need not ask"


async def test_a_machine_whose_clocks_all_stood_still_is_told_by_the_server(held) -> None:
    lease, server, _ = held
    server.lease["spec"]["holderIdentity"] = "two"
    assert lease.sure()
    assert not await lease.confirm()


async def test_a_server_that_does_not_answer_confirms_nothing(held) -> None:
    lease, server, _ = held
    server.lease = None
    assert not await lease.confirm()


class Unsure:
    """The right to act, lost."""

    mark = ""

    def sure(self) -> bool:
        return False

    async def confirm(self) -> bool:
        return False


class NoWorld:
    """A cluster that serves ConfigMaps."""

    class served:
        children = (Kind("v1", "ConfigMap", "configmaps"),)


async def test_no_child_is_written_by_who_is_not_sure() -> None:
    async def answer(_: web.Request) -> web.Response:
        raise AssertionError("nothing may be sent")

    resource = {"apiVersion": "v1", "kind": "X", "metadata": {"name": "demo", "namespace": "default", "uid": "u"}}
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default", "labels": {}}}
    async with scripted(answer) as client:
        children = Children(client, NoWorld(), Unsure())  # pyright: ignore[reportArgumentType]
        with pytest.raises(NotLeadingError):
            await children.bring(resource, [wanted], [], {}, lambda _: False)
