"""Requests are repeated where that can help, as often as is bounded, and faults have types."""

from __future__ import annotations

import time

import pytest
from aiohttp import web
from tests.unit.operator.scripted_api import scripted, status

from dino_operator.kube.client import KubeClient
from dino_operator.kube.credentials import Credentials
from dino_operator.kube.discovery import discover
from dino_operator.kube.errors import (
    AlreadyExists,
    ApiError,
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
    Unreachable,
)
from dino_operator.render.facts import AUTOSCALING, KEDA


async def get(client: KubeClient) -> object:
    return await client.request("get", "GET", "/api/v1/things")


@pytest.mark.parametrize(
    ("code", "reason", "fault", "sent"),
    [
        (400, "BadRequest", Invalid, 1),
        (403, "Forbidden", Forbidden, 1),
        (404, "NotFound", NotFound, 1),
        (409, "Conflict", Conflict, 1),
        (409, "AlreadyExists", AlreadyExists, 1),
        (422, "Invalid", Invalid, 1),
        (401, "Unauthorized", Unauthorized, 2),
        (429, "TooManyRequests", Busy, 2),
        (500, "InternalError", Busy, 2),
        (503, "ServiceUnavailable", Busy, 2),
    ],
)
async def test_faults_have_types_and_only_passing_ones_are_tried_again(
    code: int, reason: str, fault: type[ApiError], sent: int
) -> None:
    requests = 0

    async def handler(_: web.Request) -> web.StreamResponse:
        nonlocal requests
        requests += 1
        return status(code, reason, "said so")

    async with scripted(handler, attempts=2) as client:
        with pytest.raises(fault, match="said so") as caught:
            await get(client)
    assert requests == sent
    assert (caught.value.status, caught.value.reason) == (code, reason)


async def test_a_fault_that_passes_is_not_seen() -> None:
    answers = [status(500, "InternalError"), status(429, "TooManyRequests"), web.json_response({"fine": True})]

    async def handler(_: web.Request) -> web.StreamResponse:
        return answers.pop(0)

    async with scripted(handler) as client:
        assert await get(client) == {"fine": True}


async def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    answers = [status(429, "TooManyRequests", **{"Retry-After": "1"}), web.json_response({})]

    async def handler(_: web.Request) -> web.StreamResponse:
        return answers.pop(0)

    async with scripted(handler) as client:
        begun = time.monotonic()
        await get(client)
    assert time.monotonic() - begun >= 1


async def test_nobody_at_the_address_is_told_after_bounded_tries() -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async with scripted(handler) as client:
        credentials: Credentials = client.credentials
    gone = KubeClient(credentials, attempts=2)
    with pytest.raises(Unreachable):
        await get(gone)
    await gone.close()


async def test_a_torn_answer_is_asked_for_again() -> None:
    requests = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal requests
        requests += 1
        if requests == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"fine": True})

    async with scripted(handler) as client:
        assert await get(client) == {"fine": True}


async def test_discovery_takes_the_newest_served_version_and_what_other_projects_define() -> None:
    groups = {"autoscaling": ["v2beta2", "v1"], "keda.sh": ["v1alpha1"], "policy": ["v1beta1"], "apps": ["v1"]}
    plurals = {
        "/api/v1": ["configmaps", "services", "pods"],
        f"/apis/{AUTOSCALING[1]}": ["horizontalpodautoscalers"],
        "/apis/keda.sh/v1alpha1": ["scaledobjects"],
        "/apis/policy/v1beta1": ["poddisruptionbudgets"],
    }

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/apis":
            found = [{"versions": [{"groupVersion": f"{g}/{v}"} for v in vs]} for g, vs in groups.items()]
            return web.json_response({"groups": found})
        if request.path not in plurals:
            return status(404, "NotFound")
        return web.json_response({"resources": [{"name": name} for name in plurals[request.path]]})

    async with scripted(handler) as client:
        served = await discover(client)
    assert {kind.api_version for kind in served.children if kind.group == "autoscaling"} == {AUTOSCALING[1]}
    assert served.crds == {KEDA}
    assert {kind.kind for kind in served.children} == {
        "ConfigMap", "Service", "HorizontalPodAutoscaler", "ScaledObject", "PodDisruptionBudget",
    }  # fmt: skip
    assert {"v1", "apps/v1"} <= served.versions
