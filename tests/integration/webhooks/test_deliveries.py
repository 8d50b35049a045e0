"""Deliveries over real HTTP: signed, retried, given up, sent again, and never lost with a killed gateway."""

from __future__ import annotations

import asyncio
import uuid

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.webhooks.receiver import Receiver

from dino_common.bus.connection import Connection
from dino_common.bus.events import JOB_FINISHED, VERDICT_MADE, Events
from dino_common.stores.mongo import Mongo

GONE_JOB = "0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11"


async def register(client: httpx.AsyncClient, receiver: Receiver, **more) -> dict:
    answer = await client.post("/webhooks", json={"url": receiver.url(), "events": ["job.finished"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def webhook(client: httpx.AsyncClient, receiver: Receiver):
    made = await register(client, receiver)
    yield made
    await client.delete(f"/webhooks/{made['webhook_id']}")


async def finish_job(client: httpx.AsyncClient) -> str:
    """Submit a job that nobody works on and cancel it: it ends as cancelled."""
    accepted = await client.post("/batch-extract-features?wait=0", json={"asset_ids": [str(uuid.uuid4())]})
    job_id = accepted.json()["job_id"]
    assert (await client.delete(f"/jobs/{job_id}")).json()["status"] == "cancelled"
    return job_id


async def deliveries(client: httpx.AsyncClient, webhook: dict, **query) -> list[dict]:
    answer = await client.get(f"/webhooks/{webhook['webhook_id']}/deliveries", params=query)
    return answer.json()["items"]


async def settled(client: httpx.AsyncClient, webhook: dict, status: str, count: int = 1) -> list[dict]:
    async def done() -> bool:
        return len(await deliveries(client, webhook, status=status)) >= count

    await until(done, 30)
    return await deliveries(client, webhook, status=status)


async def test_a_finished_job_is_told_once_and_signed(client, receiver, webhook):
    job_id = await finish_job(client)
    (request,) = await receiver.wait_for(lambda seen: len(seen) == 1)
    assert request.signed_by(webhook["secret"])
    assert request.headers["content-type"] == "application/json"
    event = request.json
    assert event["type"] == "job.finished"
    assert event["data"]["job_id"] == job_id
    assert event["data"]["status"] == "cancelled"
    assert event["data"]["status_url"] == f"/api/v1/jobs/{job_id}"
    (delivery,) = await settled(client, webhook, "delivered")
    assert (delivery["delivery_id"], delivery["response_status"], delivery["attempts"]) == (request.id, 200, 1)
    shown = await client.get(f"/webhooks/{webhook['webhook_id']}/deliveries/{request.id}")
    assert shown.json()["payload"] == event
    assert [attempt["response_status"] for attempt in shown.json()["attempt_log"]] == [200]
