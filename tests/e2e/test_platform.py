"""From the chart to the last deletion, with one platform of real processes; the tests follow one another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pymongo
import pytest
import yaml
from tests.e2e.asking import check, keep_asking
from tests.e2e.chart import Operator
from tests.e2e.cluster import Cluster, Refused, is_ready
from tests.e2e.connections import connections_secret, object_store
from tests.e2e.platform import Platform
from tests.e2e.waiting import until
from tests.integration.main_path.photographs import NAMES, SAME_PICTURE, picture
from tests.unit.inference.tiny_models import write_tiny_vit

NAME = "studio"
FIVE_LINES = """\
apiVersion: dinov3.io/v1alpha1
kind: DinoDeployment
metadata: {name: studio}
spec:
  connections: {secretName: dino-connections}
"""
# What the later tests need beside: no limits on their clients, a canary of seconds, and a check that lets a model
# be slower than another one.
QUICK = {
    "gateway": {"rateLimits": {"default": 0, "upload": 0, "batch": 0}},
    "inference": {
        "rollout": {"canary": {"steps": [{"weight": 50, "pause": "2s"}], "checks": {"maxLatencyRatio": 100}}}
    },
}
TINY = "tiny-vit"


@pytest.fixture(scope="module")
async def platform(e2e: Cluster, operator: Operator, space: str) -> AsyncIterator[Platform]:
    """The platform; nothing of it is there yet but its stores and their Secret."""
    object_store(e2e.servers).create_bucket(Bucket=space)
    await asyncio.to_thread(write_tiny_vit, e2e.image_models / TINY)
    made = Platform(e2e, space, NAME, connections_secret(e2e.servers, space))
    await made.apply(made.secret)
    made.operator_restarts = await operator.restarts()
    yield made
    await made.close()


async def test_five_lines_become_a_platform_that_answers(platform: Platform) -> None:
    await platform.apply(yaml.safe_load(FIVE_LINES))
    await platform.ready()
    resource = await platform.resource()
    status = resource["status"]
    assert status["observedGeneration"] == resource["metadata"]["generation"]
    assert status["model"]["version"].startswith("dinov2-vits14-focus@")
    assert status["imagesPerSecond"] > 0
    assert status["inference"]["readyReplicas"] == 1
    conditions = {item["type"]: item["status"] for item in status["conditions"]}
    assert conditions["Degraded"] == "False"
    assert conditions["ModelReady"] == conditions["StoresReachable"] == conditions["Migrated"] == "True"
    shown = await platform.cluster.kubectl("get", "dino", "-n", platform.space)
    assert shown.split()[:3] == ["NAME", "READY", "MODEL"]
    assert "True" in shown.splitlines()[1]


async def test_the_main_job(platform: Platform) -> None:
    await platform.open()
    await platform.upload(*NAMES)
    features = await platform.client.ask("extract-features", asset_id=platform.pictures["chelsea"])
    assert len(features["features"]) == 384
    same = await platform.client.ask(
        "validate-consistency",
        asset_id_1=platform.pictures["chelsea"],
        asset_id_2=platform.pictures["chelsea again"],
    )
    other = await platform.client.ask(
        "validate-consistency", asset_id_1=platform.pictures["chelsea"], asset_id_2=platform.pictures["rocket"]
    )
    assert (same["same_character"], other["same_character"]) == (True, False)

    async def whole() -> bool:
        found = await platform.client.ask("find-similar", asset_id=platform.pictures["coins"], limit=3)
        assert found["indexed"] == len(platform.pictures), found["indexed"]
        return found["items"][0]["asset_id"] == platform.pictures["coins again"]

    await until(whole, "everything is in the index")


async def test_a_threshold_reaches_answers_within_two_seconds_and_restarts_nothing(platform: Platform) -> None:
    before = await platform.all_pods()
    pair = {"asset_id_1": platform.pictures["chelsea"], "asset_id_2": platform.pictures["rocket"]}

    async def in_force(wanted: float) -> float:
        began = time.monotonic()

        async def seen() -> bool:
            found = await platform.client.ask("validate-consistency", **pair)
            return (found["threshold"], found["threshold_source"]) == (wanted, "setting")

        await until(seen, f"the threshold {wanted} is in an answer", 2)
        return time.monotonic() - began

    await platform.patch(thresholds={"consistency": 12.5})
    print(f"kubectl patch to answer: {await in_force(12.5):.2f} s")
    await platform.client.put("/config/consistency-threshold", {"threshold": 33})
    assert (await platform.resource())["spec"]["thresholds"]["consistency"] == 33
    print(f"PUT /config to answer: {await in_force(33):.2f} s")
    await platform.patch(thresholds={"categories": {"watches": {"consistency": 77}}})
    shop = {**pair, "category": "watches"}

    async def category() -> bool:
        answer = await platform.client.request("POST", "/validate-consistency", json=shop)
        return answer.status_code == 200 and answer.json()["threshold"] == 77

    await until(category, "a category of the resource is known", 2)
    assert await platform.all_pods() == before


async def test_a_setting_that_needs_a_restart_rolls_its_service_alone(platform: Platform) -> None:
    before = await platform.all_pods()
    await platform.patch(**QUICK)

    async def rolled() -> bool:
        now = await platform.pods("gateway")
        pods = await platform.cluster.pods(platform.space, component="gateway")
        return not set(now) & set(before) and len(pods) == 1 and is_ready(pods[0])

    await until(rolled, "the gateway has the new limits")
    after = await platform.all_pods()
    assert {name: before[name] for name in before if "gateway" not in name} == {
        name: after[name] for name in after if "gateway" not in name
    }
    await platform.ready()


async def test_the_model_changes_while_clients_keep_asking(platform: Platform) -> None:
    one, two = platform.pictures["astronaut"], platform.pictures["astronaut again"]
    began = time.monotonic()
    async with keep_asking(platform.client, one, two) as answers:
        await platform.patch(model={"name": TINY, "version": "1", "source": {"image": {}}})

        async def under_way() -> bool:
            return ((await platform.resource())["status"].get("migration") or {}).get("phase") is not None

        await until(under_way, "the migration is told")
        platform.pictures["late"] = await platform.client.upload(SAME_PICTURE["halved"](picture("coffee")), "late.jpg")
        status = await platform.migrated(TINY)
        asked = answers.count

        async def asked_after() -> bool:
            return answers.count > asked + 20

        await until(asked_after, "clients have asked after the cut-over")
    print(f"migration {time.monotonic() - began:.1f} s, {answers.count} answers")
    check(answers, "dinov2-vits14-focus", TINY)
    assert status["model"]["previous"].startswith("dinov2-vits14-focus@")
    await platform.ready()
    assert await platform.nearest("late") == "coffee"
    assert {await platform.nearest(name) for name in NAMES if name != "coffee"} == {
        f"{name} again" for name in NAMES if name != "coffee"
    }


async def test_and_back(platform: Platform) -> None:
    one, two = platform.pictures["astronaut"], platform.pictures["astronaut again"]
    platform.pictures["later"] = await platform.client.upload(SAME_PICTURE["halved"](picture("rocket")), "later.jpg")
    began = time.monotonic()
    async with keep_asking(platform.client, one, two) as answers:
        await platform.patch(model=None)
        await platform.migrated("dinov2-vits14-focus", 180)
        asked = answers.count

        async def asked_after() -> bool:
            return answers.count > asked + 20

        await until(asked_after, "clients have asked after the cut-over")
    print(f"back {time.monotonic() - began:.1f} s, {answers.count} answers")
    check(answers, TINY, "dinov2-vits14-focus")
    assert await platform.nearest("later") in ("rocket", "rocket again")


async def test_deletion_leaves_the_data_and_nothing_else(platform: Platform) -> None:
    await platform.cluster.kubectl("delete", "dino", NAME, "-n", platform.space, "--timeout=30s")

    async def gone() -> bool:
        left = await owned(platform)
        assert not left, left
        return True

    await until(gone, "nothing is left but the data", 90)
    claims = await platform.cluster.api.get(f"/api/v1/namespaces/{platform.space}/persistentvolumeclaims")
    assert [claim["metadata"]["name"] for claim in claims["items"]] == [f"{NAME}-index"]
    assert any((platform.cluster.kubelet.claims / f"{platform.space}_{NAME}-index").rglob("*"))
    with pymongo.MongoClient(platform.secret["stringData"]["MONGODB_URL"]) as mongo:
        assert mongo.get_default_database()["assets"].count_documents({}) == len(platform.pictures)
    objects = object_store(platform.cluster.servers).list_objects_v2(Bucket=platform.space, Prefix="media/")
    assert objects["KeyCount"] == len(platform.pictures)


async def owned(platform: Platform) -> list[str]:
    """Every object of the DinoDeployment that is still there, but for claims and events, whatever its kind."""
    kinds = (await platform.cluster.kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name")).split()
    without = {"persistentvolumeclaims", "events", "events.events.k8s.io"}
    wanted = ",".join(kind for kind in kinds if kind not in without)
    selector = f"app.kubernetes.io/instance={NAME}"
    try:
        found = await platform.cluster.kubectl("get", wanted, "-n", platform.space, "-l", selector, "-o", "name")
    except Refused as error:
        return [str(error)]
    return found.split()


async def test_the_operator_lived_through_it_all(platform: Platform, operator: Operator) -> None:
    assert await operator.restarts() == platform.operator_restarts, operator.log()
