"""The floor: the same objects applied one after the other, with no operator to decide anything."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.operator.load import connect, make_resources, many, resource

from dino_operator.kube.apply import apply, finished, owner_reference
from dino_operator.kube.discovery import discover
from dino_operator.kube.kinds import KEPT_FOR_EVER, RESOURCE
from dino_operator.render import Facts, render
from dino_operator.spec import read_resource


async def measure(kubeconfig: Path, count: int) -> dict[str, Any]:
    """Create the resources and apply every child of each."""
    client = connect(kubeconfig)
    served = await discover(client)
    kinds = {(kind.api_version, kind.kind): kind for kind in served.children}
    facts, objects = Facts(apis=served.versions), 0
    began = time.perf_counter()
    await make_resources(client, count)

    async def children(number: int) -> None:
        nonlocal objects
        body = await client.request("get", "GET", RESOURCE.path("default", resource(number)["metadata"]["name"]))
        owner = owner_reference(body)
        for item in render(read_resource(body), facts):
            wanted = finished(item, None if item["kind"] in KEPT_FOR_EVER else owner)
            await apply(client, kinds[item["apiVersion"], item["kind"]], wanted, None)
            objects += 1

    await many(count, children)
    seconds = time.perf_counter() - began
    await client.close()
    return {"seconds": seconds, "objects": objects, "objects_per_second": objects / seconds}
