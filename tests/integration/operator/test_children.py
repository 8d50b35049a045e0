"""Children are what the resource wants, whatever happens to them, and nothing is written when nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client
from tests.integration.operator.running import Kube, Operator, running, until
from tests.kube.control_plane import ControlPlane
from tests.kube.namespaces import fresh_namespace

from dino_operator.spec import KIND

pytestmark = pytest.mark.usefixtures("definition", "nodes")
DEPLOYMENTS = {"demo-gateway", "demo-inference-44136fa3", "demo-video", "demo-analytics"}


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


@pytest.fixture
def made(kube: Kube, operator: Operator) -> Kube:
    """A platform whose children are there."""
    kube.secret()
    kube.resource()
    until(lambda: kube.names("Deployment") == DEPLOYMENTS, "every Deployment is there")
    kube.quiet(operator)
    return kube


def test_a_resource_of_three_lines_gets_every_child(made: Kube) -> None:
    assert (
        made.names("ServiceAccount")
        == made.names("Service")
        == {f"demo-{service}" for service in ("gateway", "inference", "video", "analytics")}
    )
    assert made.names("PersistentVolumeClaim") == {"demo-index"}
    resource, child = made.get(KIND, "demo"), made.get("Deployment", "demo-gateway")
    assert resource is not None
    assert child is not None
    (owner,) = child["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == (resource["metadata"]["uid"], True)
    claim = made.get("PersistentVolumeClaim", "demo-index")
    assert claim is not None
    assert "ownerReferences" not in claim["metadata"], "data must outlive its resource"
    assert not resource["metadata"].get("finalizers")
    assert not resource["metadata"].get("annotations")


def test_nothing_is_asked_and_nothing_written_when_nothing_changed(
    control_plane: ControlPlane, kube: Kube, tmp_path: Path
) -> None:
    kube.secret()
    kube.resource()
    alone = running(control_plane.kubeconfig, tmp_path, kube.namespace, DINO_OPERATOR_WATCH_NAMESPACES=kube.namespace)
    with alone as operator:
        until(lambda: kube.names("Deployment") == DEPLOYMENTS, "every Deployment is there")
        kube.quiet(operator)
        reads, writes = operator.requests(), operator.writes()
        looked = operator.total("dino_operator_reconciles_total", outcome="unchanged")
        for service in ("gateway", "inference", "video", "analytics"):
            # An annotation of somebody else's is no drift, and wakes the operator.
            kube.patch("ConfigMap", f"demo-{service}", metadata={"annotations": {"example.com/seen": "yes"}})
        until(lambda: operator.total("dino_operator_reconciles_total", outcome="unchanged") > looked, "it looks")
        kube.quiet(operator)
        assert (operator.requests() - reads, operator.writes() - writes) == (0, 0)


def test_a_deleted_child_comes_back(made: Kube) -> None:
    old = made.get("Deployment", "demo-video")
    assert old is not None
    made.delete("Deployment", "demo-video")
    made.delete("ConfigMap", "demo-video")

    def check() -> bool:
        new = made.get("Deployment", "demo-video")
        return new is not None and new["metadata"]["uid"] != old["metadata"]["uid"]

    until(check, "the Deployment is made anew", 5)
    until(lambda: made.get("ConfigMap", "demo-video"), "the ConfigMap is made anew", 5)


def test_what_was_edited_by_hand_is_put_right(made: Kube) -> None:
    made.patch("Deployment", "demo-gateway", spec={"replicas": 5, "template": {"metadata": {"labels": {"x": "y"}}}})
    made.patch("ConfigMap", "demo-gateway", data={"RATE_LIMIT_DEFAULT": "7"})
    made.patch("Service", "demo-gateway", metadata={"labels": {"app.kubernetes.io/managed-by": None}})

    def check() -> bool:
        deployment, config = made.get("Deployment", "demo-gateway"), made.get("ConfigMap", "demo-gateway")
        service = made.get("Service", "demo-gateway")
        assert deployment is not None
        assert config is not None
        assert service is not None
        return (
            deployment["spec"]["replicas"],
            config["data"]["RATE_LIMIT_DEFAULT"],
            service["metadata"]["labels"].get("app.kubernetes.io/managed-by"),
        ) == (1, "100", "dino-operator")

    until(check, "every edit is taken back", 5)


def test_replicas_of_another_controller_are_left_alone(made: Kube, operator: Operator) -> None:
    made.apply("Deployment", "demo-gateway", "site-autoscaler", spec={"replicas": 4})
    made.spec(gateway={"limits": {"maxBatchSize": 50}})

    def check() -> bool:
        config, deployment = made.get("ConfigMap", "demo-gateway"), made.get("Deployment", "demo-gateway")
        assert config is not None
        assert deployment is not None
        return config["data"]["MAX_BATCH_SIZE"] == "50" and deployment["status"].get("updatedReplicas") == 4

    until(check, "the change arrives in all four pods")
    made.quiet(operator)
    deployment = made.get("Deployment", "demo-gateway")
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 4


def test_an_autoscaler_takes_over_without_a_jump(made: Kube, operator: Operator) -> None:
    made.spec(video={"replicas": 3})
    until(lambda: (made.get("Deployment", "demo-video") or {})["spec"]["replicas"] == 3, "three pods are wanted")
    made.quiet(operator)
    made.spec(video={"replicas": None, "autoscaling": {"engine": "none", "min": 1, "max": 5}})
    before = operator.total("dino_operator_child_writes_total", kind="Deployment")
    until(lambda: operator.total("dino_operator_child_writes_total", kind="Deployment") > before, "it lets go")
    made.quiet(operator)
    deployment = made.get("Deployment", "demo-video")
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 3, "a field without an owner falls back to 1"
    made.patch("Deployment", "demo-video", "site-autoscaler", spec={"replicas": 5})
    made.quiet(operator)
    deployment = made.get("Deployment", "demo-video")
    assert deployment is not None
    assert deployment["spec"]["replicas"] == 5


def test_what_is_wanted_no_more_is_removed_and_nothing_else(made: Kube, operator: Operator) -> None:
    made.spec(gateway={"ingress": {"host": "dino.example.com"}})
    until(lambda: made.get("Ingress", "demo-gateway"), "the Ingress is there")
    labels = {"app.kubernetes.io/managed-by": "dino-operator", "app.kubernetes.io/instance": "demo"}
    made.create("ConfigMap", "of-somebody-else", metadata={"name": "of-somebody-else", "labels": labels})
    made.spec(gateway={"ingress": None}, networkPolicy={"enabled": False})
    until(lambda: not made.get("Ingress", "demo-gateway"), "the Ingress is gone")
    until(lambda: not made.names("NetworkPolicy"), "the policies are gone")
    made.quiet(operator)
    assert made.get("ConfigMap", "of-somebody-else"), "labels do not make it ours"
    made.spec(connections={"vectorIndex": {}})
    until(
        lambda: (made.get("Deployment", "demo-analytics") or {})["spec"]["strategy"]["type"] == "RollingUpdate",
        "analytics needs no volume",
    )
    made.quiet(operator)
    assert made.get("PersistentVolumeClaim", "demo-index"), "data is never removed"


def test_a_name_that_somebody_else_has_is_not_taken(kube: Kube, operator: Operator) -> None:
    kube.create("Service", "demo-gateway", spec={"ports": [{"port": 1}], "selector": {"app": "other"}})
    kube.secret()
    kube.resource()
    until(lambda: len(kube.names("Deployment")) == 4, "everything else is made")
    kube.quiet(operator)
    service = kube.get("Service", "demo-gateway")
    assert service is not None
    assert service["spec"]["selector"] == {"app": "other"}
    kube.delete("Service", "demo-gateway")


def test_a_deleted_resource_takes_its_children_along_but_not_its_data(made: Kube) -> None:
    made.delete(KIND, "demo")
    until(lambda: not any(made.names(kind) for kind in ("Deployment", "Service", "ConfigMap")), "the children go", 60)
    assert made.get("PersistentVolumeClaim", "demo-index")
