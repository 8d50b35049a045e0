"""Resources by the hundred, and what the server holds of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from dino_operator.kube.client import METADATA_LIST, KubeClient, Object
from dino_operator.kube.credentials import load_credentials
from dino_operator.kube.errors import AlreadyExists
from dino_operator.kube.kinds import RESOURCE, SECRETS
from dino_operator.spec import API_VERSION, KIND

AT_ONCE = 16


def connect(kubeconfig: Path) -> KubeClient:
    """A client of the measured server."""
    os.environ["KUBECONFIG"] = str(kubeconfig)
    return KubeClient(load_credentials(), timeout=60, connections=AT_ONCE)


def resource(number: int) -> Object:
    """The smallest DinoDeployment."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": f"bench-{number:04d}", "namespace": "default"},
        "spec": {"connections": {"secretName": "stores"}},
    }


async def many(count: int, work: Callable[[int], Awaitable[Any]]) -> None:
    """Do something for every number, some at once."""
    few = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with few:
            await work(number)

    await asyncio.gather(*map(one, range(count)))


async def make_secret(client: KubeClient, nats_url: str) -> None:
    """The connections of every resource."""
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "stores"},
        "stringData": {
            "MONGODB_URL": "mongodb://127.0.0.1:1/x",
            "REDIS_URL": "redis://127.0.0.1:1",
            "NATS_URL": nats_url,
        },
    }
    try:
        await client.request("create", "POST", SECRETS.path("default"), body=body)
    except AlreadyExists:
        return


async def make_resources(client: KubeClient, count: int) -> None:
    """Create them."""
    await many(count, lambda n: client.request("create", "POST", RESOURCE.path("default"), body=resource(n)))


async def listed(client: KubeClient, path: str, selector: str = "") -> list[Object]:
    """Metadata of every object of a kind."""
    params = {"labelSelector": selector} if selector else {}
    return (await client.request("list", "GET", path, params=params, accept=METADATA_LIST))["items"] or []
