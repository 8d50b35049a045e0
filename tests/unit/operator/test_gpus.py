"""Free devices are counted from what is kept of nodes and pods: no more than who has how many."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from tests.unit.operator.scripted_api import listed, scripted, status

from dino_operator.control.gpus import Gpus
from dino_operator.kube.kinds import INSTANCE
from dino_operator.render.context import MODEL_LABEL

GPU = "nvidia.com/gpu"
DEMO = ("default", "demo")


def node(gpus: int, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "n"}, "spec": spec, "status": {"allocatable": {"cpu": "8", GPU: str(gpus)}}}


def pod(gpus: int, model: str | None = None, placed: bool = True) -> dict[str, Any]:
    limits = {"memory": "1Gi"} | ({GPU: str(gpus)} if gpus else {})
    labels = {INSTANCE: "demo", MODEL_LABEL: model} if model else {}
    spec = {"containers": [{"name": "x" * 1000, "resources": {"limits": limits}}]}
    return {
        "metadata": {"name": "p", "namespace": "default", "labels": labels},
        "spec": spec | ({"nodeName": "n"} if placed else {}),
        "status": {"message": "y" * 1000},
    }


async def counted(nodes: list[dict[str, Any]], pods: list[dict[str, Any]]) -> tuple[int, Gpus]:
    async def answer(request: web.Request) -> web.Response:
        return listed(1, *(nodes if request.path.endswith("nodes") else pods))

    async with scripted(answer) as client:
        gpus = Gpus(client)
        return (await gpus.free(GPU, DEMO, "old"))[GPU], gpus


async def test_devices_that_nobody_has_are_free() -> None:
    free, _ = await counted(
        [node(4), node(2), node(8, unschedulable=True)], [pod(1), pod(2), pod(0), pod(4, None, False)]
    )
    assert free == 3


async def test_those_of_a_resources_own_new_version_count_as_free() -> None:
    free, _ = await counted([node(4)], [pod(1, "old"), pod(1, "new"), pod(1)])
    assert free == 2


async def test_of_a_pod_no_more_is_kept_than_who_has_how_many() -> None:
    _, gpus = await counted([node(4)], [pod(1, "new"), pod(0), pod(1, placed=False)])
    (taker,) = gpus._takers
    assert (taker.key, taker.model, taker.asked) == (DEMO, "new", {GPU: 1})


async def test_an_operator_that_may_not_look_counts_none() -> None:
    async def answer(_: web.Request) -> web.Response:
        return status(403, "Forbidden")

    async with scripted(answer) as client:
        assert await Gpus(client).free(GPU, DEMO, None) == {GPU: 0}
