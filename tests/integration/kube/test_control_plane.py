"""The test control plane itself: what other tests lean on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kubernetes import client
from tests.kube.assets import start_assets
from tests.kube.control_plane import CHECKOUT, SCRIPT, ControlPlane
from tests.kube.namespaces import fresh_namespace, wait_gone
from tests.kube.tools import run_tool

if TYPE_CHECKING:
    from tests.kube.fixtures import StartControlPlane

WAIT = 60


def deployment(name: str, replicas: int) -> client.V1Deployment:
    labels = {"app": name}
    container = client.V1Container(
        name="c", image="none", resources=client.V1ResourceRequirements(limits={"nvidia.com/gpu": "1"})
    )
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name=name),
        spec=client.V1DeploymentSpec(
            replicas=replicas,
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
            ),
        ),
    )


def test_pods_get_nodes_and_become_ready_as_far_as_gpus_reach(
    control_plane: ControlPlane, cluster: client.ApiClient, namespace: str, nodes: None
) -> None:
    if not control_plane.ours:
        pytest.skip("of fake nodes; how many GPUs there are is known there alone")
    apps, core = client.AppsV1Api(cluster), client.CoreV1Api(cluster)
    apps.create_namespaced_deployment(namespace, deployment("greedy", 5))
    deadline = time.monotonic() + WAIT
    while apps.read_namespaced_deployment("greedy", namespace).status.ready_replicas != 4:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    waiting = [pod for pod in core.list_namespaced_pod(namespace).items if pod.spec.node_name is None]
    assert len(waiting) == 1


def test_a_namespace_goes_away_with_its_pods(cluster: client.ApiClient, nodes: None) -> None:
    with fresh_namespace(cluster) as name:
        client.AppsV1Api(cluster).create_namespaced_deployment(name, deployment("d", 1))
    wait_gone(cluster, name)


def test_tools_reach_the_control_plane(control_plane: ControlPlane) -> None:
    said = run_tool("kubectl", "get", "namespaces", "--output=name", environment=control_plane.environment)
    assert "namespace/default" in said.stdout, said.stderr
    said = run_tool("helm", "list", "--all-namespaces", environment=control_plane.environment)
    assert said.returncode == 0, said.stderr


def test_the_api_server_goes_away_and_comes_back_with_its_data(own_control_plane: StartControlPlane) -> None:
    with own_control_plane() as plane:
        assert plane.api_server is not None
        core = client.CoreV1Api(plane.client())
        core.create_namespaced_config_map("default", {"metadata": {"name": "kept"}, "data": {"a": "b"}})
        with plane.api_server.away(), pytest.raises(Exception, match="refused"):
            core.read_namespaced_config_map("kept", "default", _request_timeout=2)
        assert core.read_namespaced_config_map("kept", "default").data == {"a": "b"}


def test_a_folder_of_programs_is_enough(own_programs: Path, tmp_path: Path) -> None:
    with start_assets(own_programs, tmp_path, ()) as (kubeconfig, process):
        plane = ControlPlane(kubeconfig, None, True, process)
        core = client.CoreV1Api(plane.client())
        core.create_namespace({"metadata": {"name": "made"}})
        deadline = time.monotonic() + WAIT
        while plane.schedules and not core.list_namespaced_service_account("made").items:
            assert time.monotonic() < deadline, "the controllers do not run"
            time.sleep(0.1)
        pids = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    assert pids
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def own_programs() -> Path:
    named = os.environ.get("KUBEBUILDER_ASSETS")
    if named is None and SCRIPT.exists():
        named = subprocess.run([SCRIPT, "bin"], capture_output=True, text=True, check=True).stdout.strip()
    if named is None:
        pytest.skip("set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver")
    return Path(named)


_RUN = """
import sys, time
from pathlib import Path
from tests.kube.control_plane import start_control_plane
with start_control_plane(Path(sys.argv[1]), cel=False) as plane:
    print(plane.api_server.pid_file.read_text().strip(), flush=True)
    time.sleep(600)
"""


def test_no_server_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    if not SCRIPT.exists():
        pytest.skip("of the script alone")
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, tmp_path], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        server = int(run.stdout.readline())
        assert Path(f"/proc/{server}").exists()
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + WAIT
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline, "the API server outlived the run"
        time.sleep(0.1)
