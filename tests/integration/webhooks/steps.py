"""What the tests of webhooks do again and again."""

from __future__ import annotations

import uuid

import httpx
from tests.integration.gateway.waiting import until
from tests.integration.webhooks.receiver import Receiver


async def register(client: httpx.AsyncClient, receiver: Receiver, **more) -> dict:
    answer = await client.post("/webhooks", json={"url": receiver.url(), "events": ["job.finished"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


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
    """Return the webhook's deliveries of this status once there are so many."""

    async def done() -> bool:
        return len(await deliveries(client, webhook, status=status)) >= count

    await until(done, 30)
    return await deliveries(client, webhook, status=status)
