"""What the operator says to the services over a real NATS."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from nats.js.errors import KeyNotFoundError
from tests.integration.operator.running import Kube, Operator, running, until
from tests.integration.platform import Servers
from tests.kube.control_plane import ControlPlane

from dino_common.bus.live_config import open_bucket
from dino_common.bus.rollout_link import RolloutLink
from dino_common.contracts.configuration import Thresholds
from dino_operator.spec import KIND

pytestmark = pytest.mark.usefixtures("definition")


@pytest.fixture
def kube(cluster: client.ApiClient, namespace: str) -> Kube:
    return Kube(cluster, namespace)


@pytest.fixture
def operator(control_plane: ControlPlane, kube: Kube, tmp_path: Path) -> Iterator[Operator]:
    with running(
        control_plane.kubeconfig, tmp_path, kube.namespace, DINO_OPERATOR_WATCH_NAMESPACES=kube.namespace
    ) as started:
        yield started


@pytest.fixture
async def link(servers: Servers, kube: Kube) -> AsyncIterator[RolloutLink]:
    opened = await RolloutLink.open(servers.endpoints.nats_url, kube.namespace, "demo")
    yield opened
    await opened.close()


async def stored(link: RolloutLink, wanted: Thresholds | None, seconds: float) -> float:
    """Wait until the thresholds are stored; return how long it took."""
    begun = time.monotonic()
    while await link.thresholds() != wanted:
        assert time.monotonic() - begun < seconds, await link.thresholds()
        await asyncio.sleep(0.02)
    return time.monotonic() - begun


async def test_thresholds_reach_the_services_within_two_seconds_and_restart_nothing(
    servers: Servers, kube: Kube, operator: Operator, link: RolloutLink
) -> None:
    await asyncio.to_thread(kube.secret, NATS_URL=servers.endpoints.nats_url)
    await asyncio.to_thread(kube.resource, thresholds={"similarity": 0.8})
    await stored(link, Thresholds(similarity=0.8), 30)
    await asyncio.to_thread(kube.quiet, operator)
    rollout = await link.rollout()
    assert rollout is not None
    assert rollout.serving == "44136fa3"
    writes = operator.total("dino_operator_child_writes_total")
    changed = {"similarity": 0.9, "categories": {"clothing": {"quality": 60}}}
    await asyncio.to_thread(kube.spec, thresholds=changed)
    took = await stored(link, Thresholds.model_validate(changed), 2)
    print(f"thresholds took {took:.2f} s")
    await asyncio.to_thread(kube.quiet, operator)
    assert operator.total("dino_operator_child_writes_total") == writes
    assert operator.total("dino_operator_bus_connected", resource="demo") == 1


async def test_what_others_stored_is_put_right_and_a_deleted_resource_leaves_nothing(
    servers: Servers, kube: Kube, operator: Operator, link: RolloutLink
) -> None:
    await asyncio.to_thread(kube.secret, NATS_URL=servers.endpoints.nats_url)
    await asyncio.to_thread(kube.resource, thresholds={"quality": 50})
    await stored(link, Thresholds(quality=50), 30)
    await link.put_thresholds(Thresholds(quality=1))
    await stored(link, Thresholds(quality=50), 10)
    await asyncio.to_thread(kube.delete, KIND, "demo")
    await asyncio.to_thread(
        until, lambda: operator.total("dino_operator_reconciles_total", outcome="gone") > 0, "it is seen"
    )
    assert (await link.thresholds(), await link.rollout()) == (None, None)


async def test_a_nats_that_is_away_holds_up_nobody_else(servers: Servers, kube: Kube, operator: Operator) -> None:
    await asyncio.to_thread(kube.secret)
    await asyncio.to_thread(kube.secret, "other", NATS_URL=servers.endpoints.nats_url)
    for number in range(12):
        await asyncio.to_thread(kube.resource, f"away-{number}")
    await asyncio.to_thread(kube.resource, "fine", connections={"secretName": "other"})
    link = await RolloutLink.open(servers.endpoints.nats_url, kube.namespace, "fine")
    try:
        await stored(link, Thresholds(), 60)
        await asyncio.to_thread(until, lambda: len(kube.names("Deployment")) == 13 * 4, "all are made", 120)
        await asyncio.to_thread(kube.quiet, operator, name="fine")
        await asyncio.to_thread(kube.spec, "fine", thresholds={"quality": 42})
        await stored(link, Thresholds(quality=42), 2)
        # The address is corrected in the Secret alone.
        await asyncio.to_thread(kube.patch, "Secret", "stores", stringData={"NATS_URL": servers.endpoints.nats_url})
        await asyncio.to_thread(
            until,
            lambda: operator.total("dino_operator_bus_connected") == 13,
            "every resource has its bus",
            60,
        )
    finally:
        await link.close()


async def revision(link: RolloutLink, name: str) -> int | None:
    """Number of the latest write of a stored value."""
    return (await (await open_bucket(link._connection)).get(name)).revision


async def test_an_operator_that_was_stopped_writes_nothing_when_it_goes_on(
    servers: Servers, control_plane: ControlPlane, kube: Kube, operator: Operator, link: RolloutLink, tmp_path: Path
) -> None:
    await asyncio.to_thread(kube.secret, NATS_URL=servers.endpoints.nats_url)
    await asyncio.to_thread(kube.resource, thresholds={"quality": 50})
    await stored(link, Thresholds(quality=50), 30)
    assert operator.process is not None
    operator.process.send_signal(signal.SIGSTOP)
    try:
        names = {"DINO_OPERATOR_WATCH_NAMESPACES": kube.namespace}
        with running(control_plane.kubeconfig, tmp_path / "2", kube.namespace, **names) as other:
            await asyncio.to_thread(kube.spec, thresholds={"quality": 60})
            await stored(link, Thresholds(quality=60), 30)
            await asyncio.to_thread(kube.quiet, other)
            before = [await revision(link, name) for name in ("thresholds", "rollout")]
            operator.process.send_signal(signal.SIGCONT)
            await asyncio.to_thread(
                until, lambda: operator.total("dino_operator_leader") == 0, "it notices that it leads no more"
            )
            await asyncio.to_thread(kube.quiet, other)
            assert [await revision(link, name) for name in ("thresholds", "rollout")] == before
    finally:
        operator.process.send_signal(signal.SIGCONT)


async def test_what_was_deleted_while_no_operator_ran_is_taken_back_by_the_next_one(
    servers: Servers, control_plane: ControlPlane, kube: Kube, link: RolloutLink, tmp_path: Path
) -> None:
    names = {"DINO_OPERATOR_WATCH_NAMESPACES": kube.namespace}
    stays = await RolloutLink.open(servers.endpoints.nats_url, kube.namespace, "stays")
    local = await RolloutLink.open(servers.endpoints.nats_url, kube.namespace, "local")
    try:
        await local.put_thresholds(Thresholds(quality=7))
        await asyncio.to_thread(kube.secret, NATS_URL=servers.endpoints.nats_url)
        with running(control_plane.kubeconfig, tmp_path / "1", kube.namespace, **names):
            for name in ("demo", "stays"):
                await asyncio.to_thread(kube.resource, name, thresholds={"quality": 50})
            await stored(link, Thresholds(quality=50), 30)
            await stored(stays, Thresholds(quality=50), 30)
            await eventually(lambda: marks(link), 2)
        await asyncio.to_thread(kube.delete, KIND, "demo")
        with running(control_plane.kubeconfig, tmp_path / "2", kube.namespace, **names):
            await stored(link, None, 30)
            assert await link.rollout() is None
            assert await stays.thresholds() == Thresholds(quality=50)
            assert await local.thresholds() == Thresholds(quality=7), "what no operator wrote is not its business"
    finally:
        await stays.close()
        await local.close()


async def eventually(look: Callable[[], Awaitable[list[Any]]], many: int, seconds: float = 30) -> None:
    """Wait until as many things are seen."""
    begun = time.monotonic()
    while len(found := await look()) < many:
        assert time.monotonic() - begun < seconds, found
        await asyncio.sleep(0.05)


async def marks(link: RolloutLink) -> list[tuple[str, str]]:
    """The deployments that bear the mark of the operator that wrote this one."""
    try:
        entry = await (await open_bucket(link._connection)).get("operator")
    except KeyNotFoundError:
        return []
    return await link.marked((entry.value or b"").decode())
