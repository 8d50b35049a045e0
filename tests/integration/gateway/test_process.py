"""The process: probes, documents, limits of HTTP itself, and a stop that loses nothing."""

from __future__ import annotations

import asyncio
import json

import httpx
from tests.integration.gateway.waiting import until_logged
from tests.integration.platform import Platform

from dino_gateway.http_protocol import MAX_HEAD_BYTES


async def test_without_a_model_it_is_alive_and_says_why_it_is_not_ready(client):
    ready = await client.get("/ready")
    assert ready.status_code == 503
    assert any("inference" in reason for reason in ready.json()["reasons"])
    health = await client.get("/health")
    assert health.status_code == 503
    body = health.json()
    assert (body["status"], body["model"]["loaded"], body["database"]["connected"]) == ("unhealthy", False, True)
    asked = await client.post("/extract-features", json={"asset_id": "550e8400-e29b-41d4-a716-446655440000"})
    assert (asked.status_code, asked.json()["error"]["code"]) == (503, "MODEL_NOT_LOADED")
    assert "retry-after" in asked.headers


async def test_stats_and_metrics_count_what_was_asked(client):
    await client.get("/live")
    stats = (await client.get("/stats")).json()
    assert any(line["operation"] == "live" and line["requests"] >= 1 for line in stats["operations"])
    metrics = await client.get("/metrics")
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "dino_http_requests_total{" in metrics.text


async def test_the_pages_of_the_documentation_load_nothing_from_elsewhere(gateway: Platform):
    async with httpx.AsyncClient(base_url=gateway.origin, trust_env=False) as client:
        for page, script in (("/docs", "swagger-ui-bundle.js"), ("/redoc", "redoc.standalone.js")):
            answer = await client.get(page)
            assert script in answer.text
            assert "http" not in answer.text
            assert "script-src 'self';" in answer.headers["content-security-policy"]
            assert len((await client.get(f"/docs/assets/{script}")).content) > 500_000
        assert (await client.get("/openapi.json")).json()["openapi"] == "3.1.0"
        assert (await client.get("/docs/assets/..%2Fapp.py")).status_code == 404
        assert "server" not in answer.headers


async def test_an_endless_head_ends_the_connection(gateway: Platform):
    port = int(gateway.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nX-Long: ")
    writer.write(b"a" * (MAX_HEAD_BYTES + 1))
    try:
        answer = await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        answer = b""  # closed with some of the head unread: the answer is lost, the bound holds
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    writer.close()


async def test_a_forwarded_address_counts_only_from_a_trusted_proxy(start_gateway):
    direct = await start_gateway(DINO_TRUSTED_PROXIES="10.9.9.9")
    async with direct.client() as client:
        await client.get("/assets", headers={"X-Forwarded-For": "203.0.113.7", "X-Request-ID": "direct-1"})
    log = await until_logged(direct, "direct-1")
    line = next(json.loads(line) for line in log.splitlines() if "direct-1" in line)
    assert (line["client_ip"], line["principal"]) == ("127.0.0.1", "ip:127.0.0.1")


async def test_a_stop_finishes_what_is_under_way(start_gateway, photo):
    stopping = await start_gateway()
    async with stopping.client() as client:

        async def slowly():
            boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
            yield boundary + photo[:1000]
            under_way.set()
            await told_to_stop.wait()
            yield photo[1000:] + b"\r\n--b--\r\n"

        under_way, told_to_stop = asyncio.Event(), asyncio.Event()
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        upload = asyncio.create_task(client.post("/upload-media", content=slowly(), headers=headers))
        await under_way.wait()
        stop = asyncio.create_task(stopping.terminate("gateway"))
        await until_logged(stopping, "Shutting down")
        told_to_stop.set()
        answer = await upload
        assert answer.status_code == 200
        assert await stop, "it had to be killed"
    assert "Traceback" not in stopping.log("gateway")
