"""Thresholds under an operator on a real API server; the test passes changes on, as an operator does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes import client

from dino_common.bus.connection import Connection
from dino_common.bus.live_config import LiveConfig
from dino_common.bus.rollout_link import RolloutLink
from dino_common.contracts.configuration import Thresholds
from dino_common.errors import InvalidRequest, ServiceUnavailable
from dino_common.settings import Settings
from dino_gateway.kube_credentials import KubeAccess, find_access
from dino_gateway.resource_thresholds import ResourceThresholds

KIND = ("dinov3.io", "v1alpha1")
NAME = "thresholds"


@pytest.fixture
def access(control_plane) -> KubeAccess:
    return find_access(control_plane.environment)


@pytest.fixture
def resources(control_plane, definition, namespace: str) -> client.CustomObjectsApi:
    """The resources' API, with one in the test's namespace."""
    api = client.CustomObjectsApi(control_plane.client())
    body = {
        "apiVersion": "/".join(KIND),
        "kind": "DinoDeployment",
        "metadata": {"name": NAME},
        "spec": {"connections": {"secretName": "stores"}, "thresholds": {"similarity": 0.6}},
    }
    api.create_namespaced_custom_object(*KIND, namespace, "dinodeployments", body)
    return api


@pytest.fixture
async def config(servers, namespace: str) -> AsyncIterator[LiveConfig]:
    connection = Connection(Settings(NATS_URL=servers.endpoints.nats_url, DINO_NAMESPACE=namespace), "test")
    await connection.open()
    config = LiveConfig(connection)
    await config.start()
    yield config
    await config.stop()
    await connection.close()


@pytest.fixture
async def operator(servers, namespace: str, resources: client.CustomObjectsApi) -> AsyncIterator[None]:
    """Brings the thresholds of the resource into the configuration bucket."""
    link = await RolloutLink.open(servers.endpoints.nats_url, namespace, "local")

    async def pass_on() -> None:
        while True:
            spec = (await asyncio.to_thread(read, resources, namespace))["spec"]
            await link.put_thresholds(Thresholds.model_validate(spec.get("thresholds", {})))
            await asyncio.sleep(0.05)

    task = asyncio.create_task(pass_on())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await link.close()


def read(resources: client.CustomObjectsApi, namespace: str) -> dict[str, Any]:
    return resources.get_namespaced_custom_object(*KIND, namespace, "dinodeployments", NAME)


@pytest.fixture
async def thresholds(namespace: str, config: LiveConfig, access: KubeAccess) -> AsyncIterator[ResourceThresholds]:
    made = ResourceThresholds(namespace, NAME, config, lambda: access)
    yield made
    await made.close()


async def test_change_lies_in_the_resource_and_is_in_force(thresholds, operator, resources, namespace, config):
    await thresholds.change("quality", 61.5)
    assert config.thresholds == Thresholds(similarity=0.6, quality=61.5)
    before = await thresholds.change("similarity", None)
    assert before.similarity == 0.6
    assert (config.thresholds.similarity, config.thresholds.quality) == (None, 61.5)
    kept = read(resources, namespace)["spec"]["thresholds"]
    assert {name: kept[name] for name in ("similarity", "quality") if name in kept} == {"quality": 61.5}


async def test_value_that_the_definition_refuses_is_the_clients_fault(thresholds, operator, resources):
    with pytest.raises(InvalidRequest, match="similarity"):
        await thresholds.change("similarity", 7)


async def test_resource_that_is_gone_is_said(thresholds, resources, namespace):
    resources.delete_namespaced_custom_object(*KIND, namespace, "dinodeployments", NAME)
    with pytest.raises(ServiceUnavailable, match="does not exist any more"):
        await thresholds.change("similarity", 0.5)


async def test_operator_that_is_away_is_named(thresholds, resources, monkeypatch):
    monkeypatch.setattr("dino_gateway.resource_thresholds._PASSED_ON_SECONDS", 0.3)
    with pytest.raises(ServiceUnavailable, match="operator has not passed the change on"):
        await thresholds.change("similarity", 0.5)
