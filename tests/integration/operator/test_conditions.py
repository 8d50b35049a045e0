"""What is wrong is named in a condition, and cured without touching the operator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kubernetes import client
from tests.integration.operator.running import Kube, Operator, running, until
from tests.kube.control_plane import CEL_MINOR, ControlPlane
from tests.kube.namespaces import fresh_namespace

pytestmark = pytest.mark.usefixtures("definition", "nodes")


@pytest.fixture(scope="module")
def operator(
    control_plane: ControlPlane, cluster: client.ApiClient, definition: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operator]:
    with (
        fresh_namespace(cluster) as lease,
        running(control_plane.kubeconfig, tmp_path_factory.mktemp("operator"), lease) as started,
    ):
        yield started


@pytest.fixture
def kube(cluster: client.ApiClient, namespace: str) -> Kube:
    return Kube(cluster, namespace)


def told(kube: Kube, kind: str, *words: str, status: str | None = None) -> bool:
    """Whether a condition says all of these."""
    found = kube.condition(kind)
    assert found is not None, f"no {kind}"
    text = f"{found['status']} {found['reason']} {found['message']}"
    assert status in (None, found["status"]), text
    assert all(word in text for word in words), text
    return True


def test_a_missing_secret_is_named_and_cured_by_making_it(kube: Kube, operator: Operator) -> None:
    kube.resource()
    until(lambda: told(kube, "Ready", "MissingSecret", "stores", status="False"), "the Secret is named")
    kube.create("Secret", "stores", stringData={"MONGODB_URL": "mongodb://x", "REDIS_URL": "redis://x"})
    until(lambda: told(kube, "Ready", "NATS_URL", status="False"), "the missing key is named", 10)
    kube.patch("Secret", "stores", stringData={"NATS_URL": "nats://127.0.0.1:1"})
    until(lambda: "Secret" not in (kube.condition("Ready") or {})["reason"], "it is cured", 10)
    ready = {"resource_namespace": kube.namespace, "condition": "Ready"}
    until(lambda: (kube.condition("Ready") or {})["status"] == "False", "no model answers")
    until(lambda: operator.total("dino_operator_condition", **ready) == 0, "the metric follows")


def test_a_secret_that_goes_away_restarts_no_pod(kube: Kube, operator: Operator) -> None:
    kube.secret()
    kube.resource()
    until(lambda: (kube.get("Deployment", "demo-gateway") or {}).get("status", {}).get("readyReplicas"), "it runs")
    kube.quiet(operator)

    def template() -> object:
        return (kube.get("Deployment", "demo-gateway") or {})["spec"]["template"]

    before = template()
    kube.delete("Secret", "stores")
    until(lambda: told(kube, "StoresReachable", "stores"), "it is named")
    kube.quiet(operator)
    assert template() == before
    kube.secret(REDIS_URL="redis://127.0.0.1:2")
    until(lambda: template() != before, "a changed Secret does restart them", 10)


def test_a_resource_that_cannot_be_read_says_so_and_what_runs_goes_on(
    control_plane: ControlPlane, kube: Kube, operator: Operator
) -> None:
    if control_plane.minor >= CEL_MINOR:
        pytest.skip("this API server refuses such a resource itself")
    kube.secret()
    kube.resource()
    until(lambda: len(kube.names("Deployment")) == 4, "it runs")
    kube.quiet(operator)
    kube.spec(inference={"replicas": 2, "autoscaling": {}})
    until(lambda: told(kube, "Ready", "spec.inference", "drop replicas"), "the fault is named with its cure")
    failures = operator.total("dino_operator_reconciles_total", outcome="fault")
    kube.quiet(operator)
    assert len(kube.names("Deployment")) == 4
    assert operator.total("dino_operator_reconciles_total", outcome="fault") == failures, "no crash loop"
    kube.spec(inference={"replicas": 2, "autoscaling": None})
    until(
        lambda: (kube.get("Deployment", "demo-inference-44136fa3") or {})["spec"]["replicas"] == 2, "the cure is taken"
    )


def test_fields_of_another_version_do_no_harm(kube: Kube, operator: Operator) -> None:
    kube.secret()
    kube.resource(fieldOfTomorrow={"a": 1}, gateway={"fieldOfTomorrow": True})
    until(lambda: len(kube.names("Deployment")) == 4, "it runs")


def test_a_paused_resource_restarts_nothing_but_scales(kube: Kube, operator: Operator) -> None:
    kube.secret()
    kube.resource()
    until(lambda: (kube.get("Deployment", "demo-gateway") or {}).get("status", {}).get("readyReplicas"), "it runs")
    kube.quiet(operator)
    kube.spec(paused=True)
    until(lambda: (kube.get("Deployment", "demo-gateway") or {})["spec"].get("paused"), "it is held")
    kube.spec(gateway={"limits": {"maxBatchSize": 9}, "replicas": 2})

    def check() -> bool:
        found = kube.get("Deployment", "demo-gateway")
        assert found is not None
        status = found["status"]
        return status.get("readyReplicas") == 2 and status.get("updatedReplicas", 0) == 0

    until(check, "a second pod of the old kind")
    until(lambda: told(kube, "Progressing", "aused"), "the status says so")
    kube.spec(paused=None)
    until(lambda: (kube.get("Deployment", "demo-gateway") or {})["status"].get("updatedReplicas") == 2, "it goes on")


def test_no_free_gpu_is_named(kube: Kube, operator: Operator) -> None:
    kube.secret()
    kube.resource(inference={"gpu": {"resource": "nvidia.com/gpu", "count": 16}})
    until(lambda: told(kube, "Degraded", "Insufficient nvidia.com/gpu", status="True"), "the lack is named")
    kube.spec(inference={"gpu": {"count": 1}})
    until(
        lambda: (kube.get("Deployment", "demo-inference-44136fa3") or {})["status"].get("readyReplicas") == 1,
        "it is cured",
        60,
    )
