"""What people get wrong: each mistake is named in a condition, and cured where it was made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.e2e.chart import Operator
from tests.e2e.cluster import Cluster
from tests.e2e.connections import connections_secret, object_store, upload_directory
from tests.e2e.kubelet.api import Manifest
from tests.e2e.platform import Platform
from tests.unit.inference.tiny_models import write_tiny_vit

from dino_inference.checksums import weights_sha256

NAME = "beginner"
MODEL = "tiny-first"


@pytest.fixture(scope="module")
async def platform(
    e2e: Cluster, operator: Operator, space: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Platform]:
    """A DinoDeployment whose Secret is not there, with weights in a bucket that are not the ones that were meant."""
    directory = await asyncio.to_thread(write_tiny_vit, tmp_path_factory.mktemp("weights") / MODEL)
    object_store(e2e.servers).create_bucket(Bucket=space)
    upload_directory(e2e.servers, space, f"weights/{MODEL}", directory)
    made = Platform(e2e, space, NAME, connections_secret(e2e.servers, space))
    resource = {
        "apiVersion": "dinov3.io/v1alpha1",
        "kind": "DinoDeployment",
        "metadata": {"name": NAME},
        "spec": {
            "model": {
                "name": MODEL,
                "source": {"s3": {"bucket": space, "prefix": f"weights/{MODEL}"}},
                "sha256": "0" * 64,
            },
            "connections": {"secretName": "dino-connections"},
        },
    }
    await made.apply(resource)
    before = await operator.restarts()
    made.weights = directory
    yield made
    await e2e.kubectl("delete", "dino", NAME, "-n", space)
    assert await operator.restarts() == before, operator.log()


async def told(platform: Platform, kind: str, status: str, reason: str, words: str) -> Manifest:
    """Wait until a condition names the mistake."""
    found = await platform.cluster.wait_condition(platform.space, NAME, kind, status, 180, reason)
    assert words in found["message"], found["message"]
    return found


async def test_a_missing_secret(platform: Platform) -> None:
    await told(platform, "Ready", "False", "MissingSecret", "Secret dino-connections")
    await platform.apply(platform.secret)


async def test_weights_that_are_not_the_ones_that_were_meant(platform: Platform) -> None:
    found = await told(platform, "ModelReady", "False", "WeightsMismatch", "expected " + "0" * 64)
    assert "Correct spec.model.sha256" in found["message"]
    right = await asyncio.to_thread(weights_sha256, platform.weights)
    await platform.patch(model={"sha256": right})
    await platform.ready()
    await platform.cluster.wait_condition(platform.space, NAME, "Degraded", "False", 180)


async def test_no_gpu_node(platform: Platform) -> None:
    await platform.patch(inference={"gpu": {"resource": "nvidia.com/mig-1g.10gb"}})
    await told(platform, "Degraded", "True", "NoGpuNode", "Insufficient nvidia.com/mig-1g.10gb")
    await platform.patch(inference={"gpu": None})
    await platform.cluster.wait_condition(platform.space, NAME, "Degraded", "False", 180)
    await platform.ready()


async def test_a_pod_that_fits_nowhere(platform: Platform) -> None:
    await platform.patch(video={"nodeSelector": {"disk": "fast"}})
    await told(platform, "Degraded", "True", "Unschedulable", "finds no node")
    await platform.cluster.kubectl("label", "node", "cpu-0", "disk=fast")
    await platform.cluster.wait_condition(platform.space, NAME, "Degraded", "False", 180)


async def test_an_image_that_is_not_there(platform: Platform) -> None:
    await platform.patch(images={"video": "example/video:missing"})
    await told(platform, "Degraded", "True", "ImagePullFailed", "example/video:missing")
    await platform.patch(images=None)
    await platform.cluster.wait_condition(platform.space, NAME, "Degraded", "False", 180)


async def test_pods_that_crash(platform: Platform) -> None:
    wrong = {**platform.secret, "stringData": {**platform.secret["stringData"], "MONGODB_URL": "nonsense"}}
    await platform.apply(wrong)
    await told(platform, "Ready", "False", "CrashLooping", "kubectl logs")
    await told(platform, "Degraded", "True", "MongodbUnreachable", "MONGODB_URL")
    await platform.apply(platform.secret)
    await platform.cluster.wait_condition(platform.space, NAME, "Degraded", "False", 180)
    await platform.ready()
