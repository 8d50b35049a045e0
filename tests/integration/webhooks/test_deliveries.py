"""Deliveries over real HTTP: signed, retried, given up, sent again, and only where they may go."""

from __future__ import annotations

import asyncio
import uuid

import httpx
import pytest
from tests.integration.gateway.waiting import until
from tests.integration.webhooks.receiver import Receiver
from tests.integration.webhooks.steps import deliveries, finish_job, register, settled

from dino_common.bus.connection import Connection
from dino_common.bus.events import ASSET_CREATED, VERDICT_MADE, Events
from dino_common.bus.live_config import LiveConfig
from dino_common.stores.mongo import Mongo


@pytest.fixture
async def webhook(client: httpx.AsyncClient, receiver: Receiver):
    made = await register(client, receiver)
    yield made
    await client.delete(f"/webhooks/{made['webhook_id']}")


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
    assert delivery["next_attempt"] is None
    shown = await client.get(f"/webhooks/{webhook['webhook_id']}/deliveries/{request.id}")
    assert shown.json()["payload"] == event
    assert [attempt["response_status"] for attempt in shown.json()["attempt_log"]] == [200]


async def test_a_receiver_that_recovers_gets_the_same_message_again(client, receiver, webhook):
    receiver.decide = lambda _: 503 if len(receiver.received) < 3 else 204
    await finish_job(client)
    (delivery,) = await settled(client, webhook, "delivered")
    first, second, third = receiver.received
    assert first.id == second.id == third.id == delivery["delivery_id"]
    assert first.body == second.body == third.body
    assert all(request.signed_by(webhook["secret"]) for request in receiver.received)
    assert delivery["attempts"] == 3
    shown = (await client.get(f"/webhooks/{webhook['webhook_id']}")).json()
    assert shown["failing_since"] is None
    assert shown["last_success"] is not None


async def test_a_dead_letter_is_kept_and_can_be_sent_again(client, receiver, webhook):
    receiver.status = 500
    await finish_job(client)
    (dead,) = await settled(client, webhook, "dead")
    assert (dead["attempts"], dead["response_status"], dead["error"]) == (4, 500, "The response was 500")
    assert len(receiver.received) == 4
    assert (await client.get(f"/webhooks/{webhook['webhook_id']}")).json()["failing_since"] is not None
    receiver.status = 200
    again = await client.post(f"/webhooks/{webhook['webhook_id']}/deliveries/{dead['delivery_id']}/redeliver")
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    (delivered,) = await settled(client, webhook, "delivered")
    assert (delivered["delivery_id"], delivered["attempts"]) == (dead["delivery_id"], 5)
    assert len({request.id for request in receiver.received}) == 1


async def test_a_pending_delivery_is_not_sent_again_by_hand(client, receiver, webhook):
    receiver.status, receiver.headers = 503, {"Retry-After": "600"}
    await finish_job(client)

    async def tried() -> bool:
        found = await deliveries(client, webhook)
        return bool(found) and found[0]["response_status"] == 503

    await until(tried)
    (pending,) = await deliveries(client, webhook)
    assert pending["status"] == "pending"
    refused = await client.post(f"/webhooks/{webhook['webhook_id']}/deliveries/{pending['delivery_id']}/redeliver")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "CONFLICT")
    # It waits as long as the receiver asked for.
    assert pending["next_attempt"] > pending["created_at"]
    assert len(receiver.received) == 1


async def test_silence_counts_as_a_failure(client, receiver, webhook):
    receiver.held = asyncio.Event()
    await finish_job(client)
    (dead,) = await settled(client, webhook, "dead")
    assert (dead["response_status"], dead["error"]) == (None, "No response within 1 s")


async def test_redirects_are_not_followed(client, receiver, webhook):
    other = await Receiver().start()
    receiver.status, receiver.headers = 302, {"Location": other.url()}
    answer = await client.post(f"/webhooks/{webhook['webhook_id']}/test")
    await other.stop()
    assert answer.json()["error"] == "The response was 302: redirects are not followed"
    assert other.received == []


async def test_a_receiver_that_is_gone_switches_the_webhook_off(client, receiver, webhook):
    receiver.status = 410
    await finish_job(client)
    await settled(client, webhook, "dead")

    async def off() -> bool:
        return not (await client.get(f"/webhooks/{webhook['webhook_id']}")).json()["active"]

    await until(off)
    assert "410" in (await client.get(f"/webhooks/{webhook['webhook_id']}")).json()["disabled_reason"]
    path = f"/webhooks/{webhook['webhook_id']}"
    (dead,) = await deliveries(client, webhook)
    refused = await client.post(f"{path}/deliveries/{dead['delivery_id']}/redeliver")
    assert refused.status_code == 409
    back = (await client.patch(path, json={"active": True})).json()
    assert (back["active"], back["disabled_reason"], back["failing_since"]) == (True, None, None)


async def test_a_test_says_how_it_went_also_while_switched_off(client, receiver):
    made = await register(client, receiver, active=False)
    good = (await client.post(f"/webhooks/{made['webhook_id']}/test")).json()
    assert (good["status"], good["event"], good["attempts"]) == ("delivered", "webhook.test", 1)
    assert receiver.received[0].signed_by(made["secret"])
    receiver.status = 404
    bad = (await client.post(f"/webhooks/{made['webhook_id']}/test")).json()
    assert (bad["status"], bad["response_status"]) == ("dead", 404)
    await client.delete(f"/webhooks/{made['webhook_id']}")


async def test_only_what_is_wanted_is_told(client, receiver, connection: Connection):
    verdicts = await register(client, receiver, url=receiver.url("/verdicts"), events=["verdict.made"])
    failures = await register(client, receiver, url=receiver.url("/failures"), job_statuses=["failed"])
    off = await register(client, receiver, url=receiver.url("/off"), active=False)
    await finish_job(client)  # cancelled: nobody wants it
    events = Events(connection)
    verdict = {"verdict_id": str(uuid.uuid4()), "operation": "validate-consistency", "same_character": False}
    await events.publish(VERDICT_MADE, verdict)
    await events.publish(VERDICT_MADE, verdict)  # comes twice, is told once
    await events.publish(ASSET_CREATED, {"asset_id": str(uuid.uuid4()), "sha256": "0" * 64, "kind": "image"})
    (request,) = await receiver.wait_for(lambda seen: len(seen) == 1)
    assert (request.path, request.json["data"]) == ("/verdicts", verdict)
    await settled(client, verdicts, "delivered")
    for other in (failures, off):
        assert await deliveries(client, other) == []
    for made in (verdicts, failures, off):
        await client.delete(f"/webhooks/{made['webhook_id']}")


async def test_services_learn_what_is_wanted(client, receiver, connection: Connection):
    config = LiveConfig(connection)
    await config.start()
    made = await register(client, receiver, events=["verdict.made", "job.finished"])

    async def known() -> bool:
        return config.subscriptions.events == ["job.finished", "verdict.made"]

    async def forgotten() -> bool:
        return config.subscriptions.events == []

    await until(known, 5)
    await client.patch(f"/webhooks/{made['webhook_id']}", json={"active": False})
    await until(forgotten, 5)
    await config.stop()
    await client.delete(f"/webhooks/{made['webhook_id']}")


async def test_after_a_rotation_both_secrets_sign_for_a_while(client, receiver, webhook):
    path = f"/webhooks/{webhook['webhook_id']}"
    fresh = (await client.post(f"{path}/rotate-secret", json={"overlap_seconds": 3600})).json()["secret"]
    assert fresh != webhook["secret"]
    await client.post(f"{path}/test")
    assert receiver.received[-1].signed_by(webhook["secret"])
    assert receiver.received[-1].signed_by(fresh)
    newest = (await client.post(f"{path}/rotate-secret", json={"overlap_seconds": 0})).json()["secret"]
    await client.post(f"{path}/test")
    assert receiver.received[-1].signed_by(newest)
    assert not receiver.received[-1].signed_by(fresh)


async def test_a_slow_receiver_does_not_hold_up_another(client, receiver, webhook):
    slow = await Receiver().start()
    slow.held = asyncio.Event()
    other = await register(client, slow)
    for _ in range(6):
        await finish_job(client)
    await receiver.wait_for(lambda seen: len(seen) == 6, 10)
    await slow.stop()
    await client.delete(f"/webhooks/{other['webhook_id']}")


async def test_secrets_are_sealed_in_the_store_and_shown_once(client, receiver, webhook, mongo: Mongo):
    document = await mongo.db["webhooks"].find_one({"_id": webhook["webhook_id"]})
    assert document is not None
    assert document["secret"].startswith("v1:")
    assert webhook["secret"].removeprefix("whsec_") not in str(document)
    assert "secret" not in (await client.get(f"/webhooks/{webhook['webhook_id']}")).json()
    listed = (await client.get("/webhooks")).json()["items"]
    assert all("secret" not in item for item in listed)


async def test_a_repeated_creation_makes_one_webhook_and_keeps_no_secret(client, receiver, mongo: Mongo):
    body = {"url": receiver.url(), "events": ["job.finished"]}
    headers = {"Idempotency-Key": f"key {uuid.uuid4()}"}
    first = await client.post("/webhooks", json=body, headers=headers)
    again = await client.post("/webhooks", json=body, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == {**first.json(), "secret": None}
    secret = first.json()["secret"].removeprefix("whsec_")
    async for kept in mongo.db["idempotency"].find({}):
        assert secret.encode() not in bytes(kept.get("body", b""))
    await client.delete(f"/webhooks/{first.json()['webhook_id']}")


async def test_lists_have_cursors(client, receiver, webhook):
    for _ in range(3):
        await client.post(f"/webhooks/{webhook['webhook_id']}/test")
    path, seen, cursor = f"/webhooks/{webhook['webhook_id']}/deliveries", [], None
    while True:
        page = (await client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [item["delivery_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [request.id for request in reversed(receiver.received)]
    wrong = await client.get(path, params={"cursor": "no cursor"})
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://user:pass@example.com/",
        "https://192.168.1.1.nip.example:99999/",
        "http://8.8.8.8/hook",
        "https://0x0a000001/",
        "https:///nowhere",
        "https://example.com/#part",
    ],
)
async def test_an_address_that_a_webhook_may_not_have_is_refused(client, url):
    answer = await client.post("/webhooks", json={"url": url, "events": ["job.finished"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_REQUEST"), url


async def test_unknown_webhooks_and_deliveries_are_404(client, webhook):
    nobody = str(uuid.uuid4())
    own = webhook["webhook_id"]
    for method, path in [
        ("GET", f"/webhooks/{nobody}"),
        ("PATCH", f"/webhooks/{nobody}"),
        ("DELETE", f"/webhooks/{nobody}"),
        ("GET", f"/webhooks/{nobody}/deliveries"),
        ("POST", f"/webhooks/{nobody}/test"),
        ("POST", f"/webhooks/{nobody}/rotate-secret"),
        ("GET", f"/webhooks/{own}/deliveries/{nobody}"),
        ("POST", f"/webhooks/{own}/deliveries/{nobody}/redeliver"),
    ]:
        answer = await client.request(method, path, **({"json": {}} if method == "PATCH" else {}))
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND"), path
