"""A Secret that is away restarts no pod, and one that pods do without holds nothing up."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from tests.unit.operator.building import deployment, resource
from tests.unit.operator.scripted_api import scripted

from dino_operator.control.reconcile import _rendered
from dino_operator.control.secrets import SecretReader, needs
from dino_operator.kube.kinds import DEPLOYMENTS
from dino_operator.render import Facts, render
from dino_operator.render.context import CHECKSUM


class World:
    """A cluster in which only the Secret of the stores exists."""

    def secret(self, namespace: str, name: str) -> str | None:
        return "1" if name == "stores" else None


async def answer(request: web.Request) -> web.Response:
    assert request.path.endswith("/secrets/stores")
    return web.json_response({"metadata": {"name": "stores", "resourceVersion": "1"}, "data": {}})


def of(limit: int, reference: dict[str, Any]) -> Any:
    variable = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "away", "key": "token"} | reference}}
    return resource(gateway={"env": [variable], "limits": {"maxBatchSize": limit}})


def checksum(found: list[dict[str, Any]]) -> str:
    return deployment(found, "gateway")["spec"]["template"]["metadata"]["annotations"][CHECKSUM]


@pytest.mark.parametrize(("reference", "restarts"), [({"optional": True}, True), ({}, False)], ids=["optional", "not"])
async def test_a_changed_limit_restarts_pods_unless_a_secret_they_wait_for_is_away(
    reference: dict[str, Any], restarts: bool
) -> None:
    before, after = of(50, reference), of(51, reference)
    async with scripted(answer) as client:
        reader = SecretReader(client, World())  # pyright: ignore[reportArgumentType]
        secrets = await reader.look("default", needs(after, Facts()))
    assert ("away" in {item.name for item in secrets.missing}) is not restarts
    facts = Facts(secret_hashes=secrets.hashes)
    live = [(DEPLOYMENTS, item) for item in render(before, facts) if item["kind"] == DEPLOYMENTS.kind]
    rendered = _rendered(after, facts, secrets, live)
    assert (checksum(rendered) != checksum([item for _, item in live])) is restarts
