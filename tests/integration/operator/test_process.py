"""Operators come and go, and so does the API server; what is wanted stays."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kubernetes import client
from tests.integration.operator.running import Kube, Operator, running, until
from tests.kube.control_plane import ControlPlane

from dino_operator.crd import definition as crd
from dino_operator.spec import KIND

if TYPE_CHECKING:
    from tests.kube.fixtures import StartControlPlane

pytestmark = pytest.mark.usefixtures("definition")


@pytest.fixture
def kube(cluster: client.ApiClient, namespace: str) -> Kube:
    return Kube(cluster, namespace)


def test_one_of_two_operators_acts_and_the_other_takes_over(
    control_plane: ControlPlane, kube: Kube, tmp_path: Path
) -> None:
    names = {"DINO_OPERATOR_WATCH_NAMESPACES": kube.namespace}
    with running(
        control_plane.kubeconfig, tmp_path / "1", kube.namespace, DINO_OPERATOR_IDENTITY="one", **names
    ) as one:
        two = Operator(
            control_plane.kubeconfig, tmp_path / "2", kube.namespace, DINO_OPERATOR_IDENTITY="two", **names
        ).start()
        try:
            until(lambda: two.total("dino_operator_leader") == 0, "the second one stands by")
            kube.secret()
            kube.resource()
            until(lambda: len(kube.names("Deployment")) == 4, "the first one acts")
            assert two.writes() == 0
            # A standby that knows the cluster is ready: probes must not restart it.
            until(two.ready, "the second one is ready")
            assert one.stop() < 5
            begun = time.monotonic()
            until(two.leads, "the second one takes over", 10)
            assert time.monotonic() - begun < 2, "a lease that is given back is taken at once"
            kube.delete("Deployment", "demo-video")
            until(lambda: len(kube.names("Deployment")) == 4, "the second one acts")
        finally:
            two.stop()


def test_a_killed_operator_is_followed_by_one_that_writes_nothing_needless(
    control_plane: ControlPlane, kube: Kube, tmp_path: Path
) -> None:
    names = {"DINO_OPERATOR_WATCH_NAMESPACES": kube.namespace}
    operator = Operator(control_plane.kubeconfig, tmp_path, kube.namespace, **names).start()
    until(operator.leads, "it leads")
    kube.secret()
    kube.resource()
    # In the middle of making the children.
    until(lambda: kube.names("ServiceAccount"), "it began")
    operator.kill()
    kube.delete("ServiceAccount", next(iter(kube.names("ServiceAccount"))))
    with running(control_plane.kubeconfig, tmp_path, kube.namespace, **names) as next_one:
        until(lambda: len(kube.names("Deployment")) == 4 and len(kube.names("ServiceAccount")) == 4, "all is made")
        kube.quiet(next_one)
    with running(control_plane.kubeconfig, tmp_path, kube.namespace, **names) as third:
        until(lambda: third.total("dino_operator_reconciles_total") > 0, "it looks")
        kube.quiet(third)
        assert third.total("dino_operator_child_writes_total") == 0


@pytest.mark.slow
def test_an_api_server_that_is_away_for_twenty_seconds(own_control_plane: StartControlPlane, tmp_path: Path) -> None:
    with own_control_plane() as plane:
        assert plane.api_server is not None
        api = plane.client()
        client.ApiextensionsV1Api(api).create_custom_resource_definition(crd())
        until(
            lambda: client.CustomObjectsApi(api).list_cluster_custom_object("dinov3.io", "v1alpha1", "dinodeployments"),
            "served",
        )
        kube = Kube(api, "default")
        kube.secret()
        kube.resource()
        kube.resource("goes")
        with running(plane.kubeconfig, tmp_path, "default", DINO_OPERATOR_DISCOVERY_SECONDS="5") as operator:
            until(lambda: len(kube.names("Deployment")) == 8, "the children are there")
            with plane.api_server.away():
                gone = threading.Event()
                gone.wait(20)  # the fault itself, not a wait for something
                assert operator.process is not None
                assert operator.process.poll() is None, "it survives"
                assert operator.total("dino_operator_leader") == 0, "who cannot renew the lease does not act"
            until(operator.leads, "it leads again", 30)
            kube.delete("ConfigMap", "demo-video")
            until(lambda: kube.get("ConfigMap", "demo-video"), "it restores again", 30)
            kube.spec(gateway={"limits": {"maxBatchSize": 40}})
            until(
                lambda: (kube.get("ConfigMap", "demo-gateway") or {})["data"]["MAX_BATCH_SIZE"] == "40",
                "it sees changes of the resource again",
            )
            kube.delete(KIND, "goes")
            until(
                lambda: (
                    operator.total("dino_operator_condition", resource="goes", condition="Ready") == 0
                    and not any(own["resource"] == "goes" for own, _ in operator.metrics()["dino_operator_condition"])
                ),
                "it forgets what was deleted",
            )
