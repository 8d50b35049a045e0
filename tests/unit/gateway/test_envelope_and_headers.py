"""Whatever goes wrong inside, the client gets the envelope, the id and the safe headers, and nothing of the inside."""

from __future__ import annotations

import asyncio
import json
import logging

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dino_common.contracts.base import ErrorBody
from dino_common.errors import AssetNotFound, ServiceUnavailable, Unauthorized
from dino_gateway.app import _http_exception
from dino_gateway.concurrency import Concurrency
from dino_gateway.observe import Errors, Observe
from dino_gateway.security_headers import SecurityHeaders
from dino_gateway.stats import Reservoir, Stats


class Inside:
    """Handlers that fail in every way; ``gate`` holds the slow one back."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()

    async def missing(self, _: Request) -> Response:
        raise AssetNotFound("Asset 1 not found")

    async def down(self, _: Request) -> Response:
        raise ServiceUnavailable("full", retry_after=1.2)

    async def closed(self, _: Request) -> Response:
        raise Unauthorized("no credential")

    async def broken(self, _: Request) -> Response:
        raise RuntimeError("secret inner detail")

    async def fine(self, _: Request) -> Response:
        return PlainTextResponse("fine")

    async def slow(self, _: Request) -> Response:
        self.entered.set()
        await self.gate.wait()
        return PlainTextResponse("done")


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def stats() -> Stats:
    return Stats()


@pytest.fixture
async def client(inside: Inside, stats: Stats):
    names = ("missing", "down", "closed", "broken", "fine", "slow")
    app = Starlette(
        routes=[Route(f"/{name}", getattr(inside, name), methods=["GET"]) for name in names],
        exception_handlers={HTTPException: _http_exception},
        middleware=[
            Middleware(Observe, stats=stats),
            Middleware(SecurityHeaders),
            Middleware(Errors),
            Middleware(Concurrency, limit=1),
        ],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as found:
        yield found


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/missing", 404, "ASSET_NOT_FOUND"),
        ("/down", 503, "SERVICE_UNAVAILABLE"),
        ("/closed", 401, "UNAUTHORIZED"),
        ("/broken", 500, "PROCESSING_FAILED"),
        ("/nowhere", 404, "NOT_FOUND"),
    ],
)
async def test_every_failure_has_the_envelope(client, path, status, code):
    answer = await client.get(path)
    assert answer.status_code == status
    error = ErrorBody.model_validate_json(answer.content).error
    assert error.code == code
    assert error.request_id == answer.headers["x-request-id"]
    assert answer.json()["error"]["timestamp"].endswith("Z")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "secret" not in answer.text


async def test_headers_that_belong_to_a_status_are_there(client):
    assert (await client.get("/down")).headers["retry-after"] == "2"
    assert (await client.get("/closed")).headers["www-authenticate"].startswith("Bearer")
    wrong = await client.put("/fine")
    assert wrong.status_code == 405
    assert wrong.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert "GET" in wrong.headers["allow"]


async def test_a_sane_request_id_is_taken_over_and_others_are_replaced(client):
    assert (await client.get("/fine", headers={"X-Request-ID": "job-7:a.b"})).headers["x-request-id"] == "job-7:a.b"
    for bad in ("", "a b", "x" * 200, "<script>"):
        assert (await client.get("/fine", headers={"X-Request-ID": bad})).headers["x-request-id"] != bad


async def test_a_full_gateway_answers_at_once(client, inside):
    first = asyncio.create_task(client.get("/slow"))
    await inside.entered.wait()
    refused = await client.get("/fine")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    inside.gate.set()
    assert (await first).text == "done"
    assert (await client.get("/fine")).status_code == 200


async def test_the_access_log_tells_the_route_and_no_secret(client, caplog):
    with caplog.at_level(logging.INFO, logger="dino.access"):
        await client.get("/missing?token=hunter2", headers={"X-API-Key": "dino_k_hunter2"})
    (record,) = caplog.records
    assert (record.status, record.error, record.client_ip) == (404, "ASSET_NOT_FOUND", "127.0.0.1")
    assert "hunter2" not in json.dumps(record.__dict__, default=str)


async def test_counts_follow_every_answer(client, stats):
    for path in ("/fine", "/fine", "/missing"):
        await client.get(path)
    assert (stats.requests, stats.errors) == (3, 1)
    (unmatched,) = stats.operations()
    assert unmatched.p50_seconds <= unmatched.p99_seconds


def test_percentiles_of_a_reservoir_are_those_of_the_stream():
    reservoir = Reservoir()
    for value in range(1, 1001):
        reservoir.add(float(value))
    assert reservoir.mean == pytest.approx(500.5)
    assert reservoir.percentile(0.5) == 501
    assert reservoir.percentile(0.99) == 991
    for value in range(100_000):
        reservoir.add(float(value % 1000))
    assert reservoir.percentile(0.5) == pytest.approx(500, abs=60)
