"""What is done to a platform that serves, and what breaks around it: it goes on serving."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from tests.e2e.asking import check, keep_asking
from tests.e2e.chart import Operator
from tests.e2e.cluster import RESOURCES, Cluster
from tests.e2e.connections import connections_secret, object_store
from tests.e2e.platform import Platform
from tests.e2e.waiting import until
from tests.unit.inference.tiny_models import write_tiny_vit

NAME = "night"
OUTAGE_SECONDS = 20
PHASES = ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]


CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "models"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


@pytest.fixture(scope="module")
async def platform(e2e: Cluster, operator: Operator, space: str) -> AsyncIterator[Platform]:
    """A platform on a small model, with some pictures."""
    await asyncio.to_thread(write_tiny_vit, e2e.image_models / "tiny-one")
    object_store(e2e.servers).create_bucket(Bucket=space)
    made = Platform(e2e, space, NAME, connections_secret(e2e.servers, space))
    canary = {"steps": [{"weight": 50, "pause": "2s"}], "checks": {"maxLatencyRatio": 100}}
    resource = {
        "apiVersion": "dinov3.io/v1alpha1",
        "kind": "DinoDeployment",
        "metadata": {"name": NAME},
        "spec": {
            "model": {"name": "tiny-one", "source": {"image": {}}},
            "gateway": {"rateLimits": {"default": 0, "upload": 0, "batch": 0}},
            "inference": {"rollout": {"canary": canary}},
            "connections": {"secretName": "dino-connections"},
        },
    }
    await made.apply(made.secret, resource)
    await made.ready()
    await made.open()
    await made.upload("astronaut", "chelsea", "rocket")
    yield made
    await made.close()
    await e2e.kubectl("delete", "dino", NAME, "-n", space)


async def test_inference_scales_like_any_workload(platform: Platform) -> None:
    async def scaled(wanted: int) -> None:
        await platform.cluster.kubectl("scale", f"dino/{NAME}", "-n", platform.space, f"--replicas={wanted}")

        async def counted() -> bool:
            status = (await platform.resource())["status"]
            pods = await platform.cluster.pods(platform.space, component="inference")
            return status["inference"]["readyReplicas"] == len(pods) == wanted

        await until(counted, f"{wanted} pods of inference answer", 120)

    await scaled(2)
    await platform.ready()
    history = (await platform.resource())["status"]["scalingHistory"]
    assert (history[-1]["service"], history[-1]["before"], history[-1]["after"]) == ("inference", 1, 2)
    await scaled(1)


async def test_an_api_server_that_is_away_harms_nobody(platform: Platform, operator: Operator) -> None:
    process = platform.cluster.plane.api_server
    assert process is not None
    before, restarts = await platform.all_pods(), await operator.restarts()
    async with keep_asking(platform.client, platform.pictures["astronaut"], platform.pictures["rocket"]) as answers:
        outage = process.away()
        await asyncio.to_thread(outage.__enter__)
        began, first = time.monotonic(), answers.count

        async def long_enough() -> bool:
            return time.monotonic() - began > OUTAGE_SECONDS

        try:
            await until(long_enough, "the outage", OUTAGE_SECONDS + 5)
            during = answers.count - first
        finally:
            await asyncio.to_thread(outage.__exit__, None, None, None)
        await platform.patch(thresholds={"consistency": 41})

        async def seen() -> bool:
            found = await platform.client.get("/config")
            return found["consistency_threshold"] == 41

        await until(seen, "the operator acts again", 60)
    check(answers, "tiny-one")
    assert during > OUTAGE_SECONDS, "hardly anybody was answered"
    assert await platform.all_pods() == before
    assert await operator.restarts() == restarts, operator.log()
    await platform.ready()


async def test_a_migration_outlives_an_operator_killed_at_every_step(platform: Platform, operator: Operator) -> None:
    await platform.apply(CLAIM)
    volume = platform.cluster.kubelet.claims / f"{platform.space}_models"

    async def provisioned() -> bool:
        return volume.exists()

    await until(provisioned, "the claim has a volume")
    await asyncio.to_thread(write_tiny_vit, volume / "tiny-two", seed=1)
    killed: list[str] = []

    async def kill_at_each_phase() -> None:
        path = RESOURCES.format(namespace=platform.space)
        async with aclosing(platform.cluster.api.follow(path, fieldSelector=f"metadata.name={NAME}")) as changes:
            async for _, resource in changes:
                phase = (resource.get("status", {}).get("migration") or {}).get("phase")
                if phase in PHASES and phase not in killed:
                    killed.append(phase)
                    await operator.kill()

    async with keep_asking(platform.client, platform.pictures["astronaut"], platform.pictures["rocket"]) as answers:
        killing = asyncio.create_task(kill_at_each_phase())
        try:
            source = {"image": None, "pvc": {"claimName": "models"}}
            await platform.patch(model={"name": "tiny-two", "source": source})
            status = await platform.migrated("tiny-two", 180)
        finally:
            killing.cancel()
            await asyncio.wait([killing])
    assert killed == PHASES
    check(answers, "tiny-one", "tiny-two")
    assert status["model"]["previous"].startswith("tiny-one@")
    assert {version["role"] for version in status["versions"]} == {"serving", "previous"}
    assert await platform.nearest("chelsea") == "chelsea again"
    await platform.ready()


async def test_children_that_were_deleted_or_edited_come_back(platform: Platform) -> None:
    path = f"/api/v1/namespaces/{platform.space}"
    service, config = f"{path}/services/{NAME}-gateway", f"{path}/configmaps/{NAME}-video"
    before = await platform.cluster.api.get(service)
    kubectl = platform.cluster.kubectl
    await kubectl("delete", "service", f"{NAME}-gateway", "-n", platform.space)
    edit = json.dumps({"data": {"DINO_NAMESPACE": "elsewhere"}})
    await kubectl("patch", "configmap", f"{NAME}-video", "-n", platform.space, "-p", edit)
    await kubectl("scale", "deployment", f"{NAME}-video", "-n", platform.space, "--replicas=3")

    async def restored() -> bool:
        found = await platform.cluster.found(service)
        assert found is not None, "the Service is missing"
        assert found["metadata"]["uid"] != before["metadata"]["uid"]
        assert found["spec"]["selector"] == before["spec"]["selector"]
        assert (await platform.cluster.api.get(config))["data"]["DINO_NAMESPACE"] == platform.space
        deployment = await platform.cluster.api.get(
            f"/apis/apps/v1/namespaces/{platform.space}/deployments/{NAME}-video"
        )
        assert deployment["spec"]["replicas"] == 1
        return True

    await until(restored, "the children are as rendered", 30)
    await platform.ready()


async def test_replicas_that_another_controller_owns_are_left_alone(platform: Platform) -> None:
    path = f"/apis/apps/v1/namespaces/{platform.space}/deployments/{NAME}-gateway"
    claim = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{NAME}-gateway", "namespace": platform.space},
        "spec": {"replicas": 2},
    }
    forced = ("--server-side", "--force-conflicts", "--validate=false")
    apply = ("apply", *forced, "--field-manager=night-shift-scaler", "-f", "-")
    await platform.cluster.kubectl(*apply, stdin=claim)
    # The operator writes to that very Deployment: its number of pods stays all the same.
    await platform.patch(gateway={"limits": {"maxBatchSize": 77}})

    async def rolled() -> bool:
        addresses = await platform.cluster.addresses(platform.space, f"{NAME}-gateway")
        found = await platform.client.get("/config")
        return len(addresses) == 2 and found["limits"]["max_batch_size"] == 77

    await until(rolled, "two gateways with the new limit", 90)
    deployment = await platform.cluster.api.get(path)
    assert deployment["spec"]["replicas"] == 2
    await platform.ready()
