"""Who was stopped does not act on: sure by every clock, and confirmed by the API server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from tests.unit.operator.scripted_api import scripted, status

from dino_operator.control.children import Children
from dino_operator.kube import lease as module
from dino_operator.kube.client import KubeClient
from dino_operator.kube.errors import Conflict
from dino_operator.kube.kinds import Kind
from dino_operator.kube.leading import NotLeadingError
from dino_operator.kube.lease import Lease


class Server:
    """An API server with one Lease."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.requests = 0
        self.put: Callable[[web.Request], None] = lambda _: None
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def answer(self, request: web.Request) -> web.Response:
        self.requests += 1
        if request.method in ("POST", "PUT"):
            body = await request.json()
            version = int((self.lease or {"metadata": {"resourceVersion": "0"}})["metadata"]["resourceVersion"])
            if request.method == "PUT" and body["metadata"]["resourceVersion"] != str(version):
                return status(409, "Conflict")
            self.lease = body | {"metadata": body["metadata"] | {"uid": "l1", "resourceVersion": str(version + 1)}}
            if request.method == "PUT":
                self.put(request)
        elif not self.open.is_set():
            self.reached.set()
            await self.open.wait()
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
        confirming = KubeClient(client.credentials, connections=1)
        lease = Lease(
            client, confirming, "default", "dino", "one", 15.0, lambda leader: leads.set() if leader else None
        )
        task = asyncio.create_task(lease.run())
        async with asyncio.timeout(5):
            await leads.wait()
        yield lease, server, clocks
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await confirming.close()


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


async def test_who_asks_while_another_waits_shares_a_request_that_began_afterwards(held) -> None:
    lease, server, _ = held
    server.open.clear()
    before = server.requests
    first = asyncio.create_task(lease.confirm())
    async with asyncio.timeout(5):
        await server.reached.wait()
    later = [asyncio.create_task(lease.confirm()) for _ in range(20)]
    await asyncio.sleep(0)
    server.lease["spec"]["holderIdentity"] = "two"
    later[0].cancel()
    server.open.set()
    assert [await task for task in later[1:]] == [False] * 19
    await first
    assert server.requests == before + 2


async def test_a_renewal_does_not_wait_for_those_who_ask_whose_the_lease_is(held) -> None:
    lease, server, _ = held
    server.open.clear()
    asking = [asyncio.create_task(lease.confirm()) for _ in range(20)]
    async with asyncio.timeout(5):
        await server.reached.wait()
        # Only who asks from now on is answered.
        gate, server.open = server.open, asyncio.Event()
        server.open.set()
        assert await lease._try()
    gate.set()
    assert await asyncio.gather(*asking) == [True] * 20


async def test_a_renewal_whose_answer_was_lost_is_not_taken_for_a_loss(held) -> None:
    lease, server, _ = held
    stored = []

    def lose(request: web.Request) -> None:
        stored.append(server.lease["metadata"]["resourceVersion"])
        request.transport.abort()

    server.put = lose
    assert await lease._try()
    assert stored == [server.lease["metadata"]["resourceVersion"]], "it was stored once, and met itself"


async def test_a_renewal_that_another_holder_went_before_is_a_loss(held) -> None:
    lease, server, _ = held

    def lose(request: web.Request) -> None:
        server.lease["spec"]["holderIdentity"] = "two"
        request.transport.abort()

    server.put = lose
    assert not await lease._try()


async def test_a_lease_that_was_changed_but_not_renewed_is_tried_again(held) -> None:
    lease, server, _ = held

    def lose(request: web.Request) -> None:
        server.lease["spec"]["renewTime"] = "2020-01-01T00:00:00.000000Z"
        request.transport.abort()

    server.put = lose
    with pytest.raises(Conflict):
        await lease._try()


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
