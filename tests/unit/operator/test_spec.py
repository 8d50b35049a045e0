"""A good resource is read; a bad one is refused with its field and the fix."""

from typing import Any

import pytest
from tests.unit.operator.building import manifest, resource

from dino_operator.spec import InvalidResource, read_resource
from dino_operator.spec.base import milliseconds

KEDA_QUEUE = {"autoscaling": {"engine": "keda", "target": {"type": "queueDepth", "value": 10}}}
KEDA_GPU = {"autoscaling": {"engine": "keda", "target": {"type": "gpu"}}}
SOURCE = {"image": {}}

BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"analytics": {"replicas": 2}}, "spec", "set connections.vectorIndex"),
    ({"analytics": {"autoscaling": {"max": 2}}}, "spec", "set connections.vectorIndex"),
    ({"inference": {"autoscaling": {"min": 5, "max": 2}}}, "spec.inference.autoscaling", "lower min or raise max"),
    ({"gateway": {"replicas": 2, "autoscaling": {}}}, "spec.gateway", "drop replicas"),
    ({"model": {"source": SOURCE}}, "spec.model", "needs model.name"),
    ({"model": {"name": "x"}}, "spec.model", "needs model.source"),
    ({"model": {"name": "x", "source": {}}}, "spec.model.source", "exactly one"),
    ({"model": {"name": "x", "source": {"image": {}, "pvc": {"claimName": "c"}}}}, "spec.model.source", "exactly one"),
    ({"model": {"sha256": "a" * 64}}, "spec.model", "the built-in model has its own"),
    ({"model": {"name": "x", "source": SOURCE, "sha256": "abc"}}, "spec.model.sha256", "not 'abc'"),
    ({"model": {"cache": {"type": "volume"}}}, "spec.model.cache", "needs claimName"),
    ({"model": {"cache": {"type": "node", "claimName": "c"}}}, "spec.model.cache", "type: volume"),
    ({"inference": {"batchSize": 0}}, "spec.inference.batchSize", "not 0"),
    ({"inference": {"maxBatchDelay": "2s"}}, "spec.inference.maxBatchDelay", "not '2s'"),
    ({"inference": {"autoscaling": {"target": {"type": "gpu"}}}}, "spec.inference.autoscaling", "engine: keda"),
    ({"inference": {"autoscaling": {"min": 0}}}, "spec.inference.autoscaling", "scales to zero"),
    ({"video": {"autoscaling": {"engine": "keda", "min": 0}}}, "spec.video.autoscaling", "target.type: queueDepth"),
    ({"inference": {"autoscaling": {"target": {"value": 101}}}}, "spec.inference.autoscaling", "percentage"),
    ({"inference": KEDA_GPU}, "spec", "telemetry.prometheusUrl"),
    ({"inference": KEDA_QUEUE}, "spec", "monitoringEndpoint"),
    ({"video": KEDA_QUEUE}, "spec", "monitoringEndpoint"),
    ({"gateway": KEDA_QUEUE}, "spec", "target.type: cpu"),
    ({"video": KEDA_GPU}, "spec", "only inference pods have a GPU"),
    ({"gateway": {"ingress": {"host": "a.b"}, "route": {"parentRefs": [{"name": "g"}]}}}, "spec.gateway", "either"),
    ({"connections": {}}, "spec.connections", "set connections.secretName"),
    ({"connections": {"mongodb": {"secretName": "a"}}}, "spec.connections", "set connections.secretName"),
    ({"thresholds": {"similarity": 85}}, "spec.thresholds.similarity", "not 85"),
    ({"images": {"tag": "a b"}}, "spec.images.tag", "not 'a b'"),
    ({"video": {"storage": {"size": "10 GB"}}}, "spec.video.storage.size", "not '10 GB'"),
    ({"video": {"env": [{"name": "REDIS_URL", "value": "x"}]}}, "spec.video.env[0]", "use its field"),
    ({"gateway": {"env": [{"name": "DINO_AUTH", "value": "off"}]}}, "spec.gateway.env[0]", "use its field"),
    ({"gateway": {"env": [{"name": "dino_Auth", "value": "off"}]}}, "spec.gateway.env[0]", "use its field"),
    ({"video": {"env": [{"name": "A"}]}}, "spec.video.env[0]", "exactly one of value and valueFrom"),
    (
        {"video": {"env": [{"name": "A", "valueFrom": {}}]}},
        "spec.video.env[0].valueFrom",
        "exactly one of secretKeyRef and configMapKeyRef",
    ),
    ({"gateway": {"webhooks": {"maxAttempts": 51}}}, "spec.gateway.webhooks.maxAttempts", "not 51"),
    ({"faceDetector": "on"}, "spec.faceDetector", "not 'on'"),
]


@pytest.mark.parametrize(("spec", "path", "words"), BAD, ids=[f"{path}: {words}" for _, path, words in BAD])
def test_a_fault_names_its_field_and_the_fix(spec: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InvalidResource) as caught:
        resource(**spec)
    (fault,) = caught.value.faults
    assert fault.path == path
    assert words in fault.message


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InvalidResource) as caught:
        resource(inference={"batchSize": 0}, gateway={"service": {"port": 0}})
    assert {fault.path for fault in caught.value.faults} == {"spec.inference.batchSize", "spec.gateway.service.port"}


def test_an_unknown_field_is_refused_in_a_file_and_dropped_from_the_server() -> None:
    newer = manifest(inference={"replica": 3})
    with pytest.raises(InvalidResource, match=r"spec\.inference\.replica: no such field"):
        read_resource(newer, strict=True)
    assert read_resource(newer) == resource()


@pytest.mark.parametrize("name", ["9lives", "a" * 41, "Demo", "a.b"])
def test_a_name_that_children_cannot_bear_is_refused(name: str) -> None:
    with pytest.raises(InvalidResource, match="at most 40 lower-case"):
        read_resource(manifest(name))


def test_another_kind_is_refused_by_name() -> None:
    with pytest.raises(InvalidResource, match=r"this is v1 Pod, not dinov3\.io/v1alpha1 DinoDeployment"):
        read_resource({"apiVersion": "v1", "kind": "Pod"})


def test_a_missing_spec_is_refused() -> None:
    with pytest.raises(InvalidResource, match="spec: is required"):
        read_resource({k: v for k, v in manifest().items() if k != "spec"})


def test_null_counts_as_not_written() -> None:
    assert resource(inference={"replicas": None}, gateway=None) == resource()


def test_numbers_are_taken_as_quantities() -> None:
    assert resource(video={"resources": {"requests": {"cpu": 2}}}).spec.video.resources.requests == {"cpu": "2"}


@pytest.mark.parametrize(("text", "value"), [("5ms", 5), ("2s", 2000), ("3m", 180_000), ("24h", 86_400_000)])
def test_durations(text: str, value: int) -> None:
    assert milliseconds(text) == value
