"""A gateway that is killed loses no delivery, and two gateways share the work."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.integration.gateway.conftest import StartGateway
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.webhooks.conftest import QUICK
from tests.integration.webhooks.receiver import Receiver
from tests.integration.webhooks.steps import deliveries, finish_job, register, settled

from dino_common.bus.connection import Connection
from dino_common.bus.events import JOB_FINISHED, Events
from dino_common.bus.job_news import JobNews, event_of
from dino_common.settings import Settings
from dino_common.stores.jobs import JobRecord, JobStore
from dino_common.stores.mongo import Mongo
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.services import service_environment, service_program


@pytest.fixture
async def own(start_gateway: StartGateway) -> Platform:
    """A gateway that may be killed."""
    return await start_gateway(**QUICK)


async def launch(platform: Platform) -> None:
    """Start the platform's gateway again."""
    await platform.children["gateway"].start()
    await platform.wait_ready("gateway")


async def revive(platform: Platform) -> None:
    """Start a killed gateway again, on its port."""
    dead = platform.children["gateway"]
    platform.children["gateway"] = Child(
        dead.program, log_file=platform.directory / "log" / "gateway.log", guard=platform.servers.guard
    )
    await launch(platform)


async def second_gateway(platform: Platform) -> Child:
    """Start another gateway of the same deployment."""
    port = PortPicker(prefer_usual=False).pick("api", 3012)
    endpoints = replace(platform.endpoints, api_url=f"http://127.0.0.1:{port}")
    environment = service_environment(endpoints, platform.directory, platform.environment)
    program = service_program("gateway", endpoints, platform.directory, environment | {"API_PORT": str(port)})
    program = replace(program, check=platform.children["gateway"].program.check)
    log = platform.directory / "log" / "second.log"
    child = Child(program, log_file=log, guard=platform.servers.guard)
    await child.start()

    async def serves() -> bool:
        return log.exists() and "gateway serves" in log.read_text()

    await until(serves, 30)
    return child


async def test_a_gateway_killed_while_it_sends_sends_again_after_its_restart(own: Platform, receiver: Receiver):
    receiver.held = asyncio.Event()
    async with own.client() as client:
        webhook = await register(client, receiver)
        await finish_job(client)
        await receiver.wait_for(lambda seen: len(seen) == 1)
        await own.kill("gateway")
        receiver.held.set()
        receiver.held = None
        await revive(own)
        (delivery,) = await settled(client, webhook, "delivered")
    assert {request.id for request in receiver.received} == {delivery["delivery_id"]}
    assert len(receiver.received) >= 2
    assert len({request.body for request in receiver.received}) == 1


async def test_deliveries_that_wait_for_a_receiver_outlive_the_gateway(own: Platform, receiver: Receiver):
    port = receiver.port
    await receiver.stop()
    async with own.client() as client:
        webhook = await register(client, receiver)
        jobs = [await finish_job(client) for _ in range(5)]

        async def stored() -> bool:
            return len(await deliveries(client, webhook)) == 5

        await until(stored)
        await own.kill("gateway")
        back = await Receiver(port=port).start()
        await revive(own)
        seen = await back.wait_for(lambda found: len({request.json["data"]["job_id"] for request in found}) == 5)
        await settled(client, webhook, "delivered", 5)
        await back.stop()
    assert {request.json["data"]["job_id"] for request in seen} == set(jobs)


async def test_the_end_of_a_job_whose_worker_died_before_telling_is_found(
    own: Platform, receiver: Receiver, settings_of
):
    settings: Settings = settings_of(own)
    mongo = await Mongo.connect(settings)
    try:
        jobs = JobStore(mongo)
        async with own.client() as client:
            webhook = await register(client, receiver)
            job, _ = await jobs.create(JobRecord("job-of-a-dead-worker", "batch-extract-features", "inference", {}))
            ended = await jobs.succeed(job.job_id, {"items": []})
            assert ended.untold  # and here its worker dies
            (request,) = await receiver.wait_for(lambda seen: len(seen) == 1, 30)
            await settled(client, webhook, "delivered")

            async def told() -> bool:
                return not (await jobs.get(job.job_id)).untold

            await until(told)
        assert request.json["data"]["job_id"] == "job-of-a-dead-worker"
        assert request.json["data"]["status"] == "succeeded"
    finally:
        await mongo.close()


async def test_an_end_that_is_told_twice_is_delivered_once(own: Platform, receiver: Receiver, settings_of):
    settings: Settings = settings_of(own)
    mongo, connection = await Mongo.connect(settings), Connection(settings, "twice")
    await connection.open()
    try:
        jobs = JobStore(mongo)
        news = JobNews(Events(connection), jobs)
        async with own.client() as client:
            webhook = await register(client, receiver)
            job, _ = await jobs.create(JobRecord("job-told-twice-over", "batch-extract-features", "inference", {}))
            ended = await jobs.succeed(job.job_id, {})
            assert await news.tell(ended)
            # A worker that died after the event and before the mark was removed: the stream forgot the key meanwhile.
            await Events(connection).publish(JOB_FINISHED, event_of(ended))
            marker = await finish_job(client)
            await receiver.wait_for(lambda seen: any(r.json["data"]["job_id"] == marker for r in seen))
            await settled(client, webhook, "delivered", 2)
        told = [request.json["data"]["job_id"] for request in receiver.received]
        assert sorted(told) == sorted(["job-told-twice-over", marker])
    finally:
        await connection.close()
        await mongo.close()


async def test_two_gateways_send_each_delivery_once(own: Platform, receiver: Receiver):
    other = await second_gateway(own)
    try:
        async with own.client() as client:
            webhook = await register(client, receiver)
            jobs = {await finish_job(client) for _ in range(40)}
            await settled(client, webhook, "delivered", 40)
        told = [request.json["data"]["job_id"] for request in receiver.received]
        assert sorted(told) == sorted(jobs)
    finally:
        await other.stop()


async def test_a_webhook_that_fails_for_long_is_switched_off(start_gateway: StartGateway, receiver: Receiver):
    quick = await start_gateway(**QUICK, DINO_WEBHOOK_DISABLE_AFTER="0.3")
    receiver.status = 500
    async with quick.client() as client:
        webhook = await register(client, receiver)
        await finish_job(client)
        path = f"/webhooks/{webhook['webhook_id']}"

        async def off() -> bool:
            return not (await client.get(path)).json()["active"]

        await until(off, 30)
        shown = (await client.get(path)).json()
        assert shown["disabled_reason"].startswith("Every attempt has failed")
        before = len(receiver.received)
        await finish_job(client)
        marker = await register(client, receiver, url=receiver.url("/marker"))
        receiver.status = 200
        await finish_job(client)
        await receiver.wait_for(lambda seen: any(request.path == "/marker" for request in seen))
        assert len([request for request in receiver.received if request.path == "/hook"]) == before
        await client.delete(f"/webhooks/{marker['webhook_id']}")
