"""Keys, scopes, limits and configuration on a gateway that asks for them."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from tests.integration.gateway.waiting import until, until_logged
from tests.integration.platform import Platform, Servers

from dino_common.settings import Settings
from dino_common.stores.api_keys import ApiKeyStore
from dino_common.stores.mongo import Mongo

SettingsOf = Callable[[Platform], Settings]


@pytest.fixture(scope="module")
async def guarded(start_gateway) -> Platform:
    return await start_gateway(
        DINO_AUTH="on", RATE_LIMIT_DEFAULT="1000", RATE_LIMIT_UPLOAD="2", DINO_CORS_ORIGINS="https://app.test"
    )


@pytest.fixture
async def keys(guarded: Platform, settings_of: SettingsOf):
    mongo = await Mongo.connect(settings_of(guarded))
    yield ApiKeyStore(mongo)
    await mongo.close()


@pytest.fixture
async def client(guarded: Platform):
    async with guarded.client() as found:
        yield found


async def test_probes_are_open_and_the_rest_asks_for_a_key(client):
    assert (await client.get("/live")).json() == {"status": "alive"}
    refused = await client.get("/assets")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_opens_what_its_scope_allows_until_it_is_revoked(client, keys, photo):
    key, text = await keys.create("reader", ["read"])
    headers = {"X-API-Key": text}
    assert (await client.get("/assets", headers=headers)).status_code == 200
    assert (await client.get("/assets", headers={"Authorization": f"Bearer {text}"})).status_code == 200
    for refused, scope in (
        (await client.post("/upload-media", files={"file": ("a.jpg", photo)}, headers=headers), "write"),
        (await client.put("/config/quality-threshold", json={"threshold": 60}, headers=headers), "admin"),
    ):
        assert refused.status_code == 403
        assert scope in refused.json()["error"]["message"]
    await keys.revoke(key.key_id)

    async def closed() -> bool:
        return (await client.get("/assets", headers=headers)).status_code == 401

    await until(closed, 10)


async def test_limits_are_per_key_and_told(client, keys, photo):
    _, one = await keys.create("one", ["write"])
    _, two = await keys.create("two", ["write"])

    async def upload(text: str) -> httpx.Response:
        return await client.post("/upload-media", files={"file": ("a.jpg", photo)}, headers={"X-API-Key": text})

    answers = [await upload(one) for _ in range(3)]
    if len({answer.headers["x-ratelimit-reset"] for answer in answers}) > 1:
        answers = [await upload(one) for _ in range(3)]  # the minute ended among them
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert (await upload(two)).status_code == 200
    assert (await client.get("/assets", headers={"X-API-Key": one})).status_code == 200


async def test_limits_go_on_while_redis_is_down(guarded, client, keys, servers: Servers):
    _, text = await keys.create("during an outage", ["read"])
    await servers.kill("redis")
    try:
        answer = await client.get("/assets", headers={"X-API-Key": text})
        assert answer.status_code == 200
        assert "x-ratelimit-remaining" in answer.headers
    finally:
        await servers.restart("redis")

    async def counted_again() -> bool:
        await client.get("/assets", headers={"X-API-Key": text})
        return "counted in Redis again" in guarded.log("gateway")

    await until(counted_again)


async def test_named_origins_may_ask_from_browsers_and_others_may_not(client):
    asked = {"Origin": "https://app.test", "Access-Control-Request-Method": "POST"}
    allowed = await client.options("/upload-media", headers=asked)
    assert allowed.headers["access-control-allow-origin"] == "https://app.test"
    refused = await client.options("/upload-media", headers={**asked, "Origin": "https://evil.test"})
    assert "access-control-allow-origin" not in refused.headers


async def test_no_credential_reaches_the_log(guarded, client, keys):
    _, text = await keys.create("secret", ["read"])
    answer = await client.get("/assets", headers={"X-API-Key": text, "X-Request-ID": "look-for-me"})
    assert answer.status_code == 200
    log = await until_logged(guarded, "look-for-me")
    assert text not in log
    assert text.rpartition("_")[2] not in log


async def test_thresholds_are_set_read_and_taken_back(client, keys):
    _, text = await keys.create("admin", ["admin"])
    headers = {"X-API-Key": text}
    before = (await client.get("/config", headers=headers)).json()
    assert before["sources"]["quality"] == "default"
    changed = (await client.put("/config/quality-threshold", json={"threshold": 61.5}, headers=headers)).json()
    assert (changed["previous_threshold"], changed["threshold"], changed["source"]) == (70.0, 61.5, "setting")
    after = (await client.get("/config", headers=headers)).json()
    assert (after["quality_threshold"], after["sources"]["quality"]) == (61.5, "setting")
    assert after["revision"] > before["revision"]
    back = (await client.put("/config/quality-threshold", json={"threshold": None}, headers=headers)).json()
    assert (back["threshold"], back["source"]) == (70.0, "default")
    wrong = await client.put("/config/quality-threshold", json={"threshold": 101}, headers=headers)
    assert wrong.status_code == 422
