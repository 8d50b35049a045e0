"""What a user of kubectl sees of the definition: explanations, columns, short name, category, scale; and helm test."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from kubernetes import client
from tests.integration.chart.conftest import CRD, Watched
from tests.integration.chart.helm import Helm, one
from tests.integration.operator.running import until
from tests.kube.definitions import remove, wait_served
from tests.kube.namespaces import fresh_namespace
from tests.kube.tools import run_tool

from dino_operator.crd import definition
from dino_operator.spec import GROUP, PLURAL, VERSION

STATUS = {
    "model": {"version": "vit@0123456789ab"},
    "migration": {"summary": "ReEmbedding 42 %"},
    "inference": {"replicas": 2, "readyReplicas": 1, "summary": "1/2", "selector": "app=x"},
    "imagesPerSecond": 12.5,
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Answering",
            "message": "An inference answered.",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
    ],
}


class Kubectl:
    """kubectl in the namespace of one resource, ``demo``."""

    def __init__(self, watched: Watched, namespace: str) -> None:
        self.watched, self.namespace = watched, namespace

    def __call__(self, *arguments: str) -> str:
        done = run_tool("kubectl", "-n", self.namespace, *arguments, environment=self.watched.plane.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def kubectl(watched: Watched, api: client.ApiClient) -> Iterator[Kubectl]:
    """The definition comes from the chart."""
    with fresh_namespace(api) as namespace:
        helm = Helm(watched.plane.environment, namespace)
        helm.install("dino")
        try:
            wait_served(api, definition())
            resources, where = client.CustomObjectsApi(api), (GROUP, VERSION, namespace, PLURAL)
            body: dict[str, Any] = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "DinoDeployment"}
            body |= {"metadata": {"name": "demo"}, "spec": {"connections": {"secretName": "stores"}}}
            resources.create_namespaced_custom_object(*where, body)
            resources.patch_namespaced_custom_object_status(*where, "demo", {"status": STATUS})
            found = Kubectl(watched, namespace)
            # Explanations are published a moment after the definition is served.
            until(lambda: found("explain", "dinodeployment"), "kubectl explains")
            yield found
        finally:
            helm.uninstall("dino")
            remove(api, CRD)


def parts(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a schema with its description."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child.get("description", "")
        yield from parts(child, f"{path}.{name}")
        for inner in (child.get("items"), child.get("additionalProperties")):
            if isinstance(inner, dict):
                yield from parts(inner, f"{path}.{name}")


def test_every_field_is_described() -> None:
    schema = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    silent = [path for path, text in parts(schema) if not text and path != ".metadata"]
    assert silent == []


@pytest.mark.parametrize("path", ["", ".spec", ".spec.inference.rollout.canary", ".spec.connections", ".status"])
def test_explain_teaches(kubectl: Kubectl, path: str) -> None:
    schema = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for name in path.split(".")[1:]:
        schema = schema["properties"][name]
    said = " ".join(kubectl("explain", f"dinodeployment{path}").split())
    assert " ".join(schema["description"].split()) in said
    for name, child in schema["properties"].items():
        if name not in ("apiVersion", "kind", "metadata"):
            assert name in said
            assert " ".join(child["description"].split()) in said, name


@pytest.mark.parametrize("name", ["dino", "dinodeployment", "dinodeployments", "dinov3"])
def test_it_is_found_by_its_names_and_its_category(kubectl: Kubectl, name: str) -> None:
    assert "demo" in kubectl("get", name, "--output=name")


def test_it_is_among_all(kubectl: Kubectl) -> None:
    assert f"dinodeployment.{GROUP}/demo" in kubectl("get", "all", "--output=name")


def test_columns_tell_how_it_is(kubectl: Kubectl) -> None:
    head, row = kubectl("get", "dino").splitlines()
    columns = ["NAME", "READY", "MODEL", "MIGRATION", "INFERENCE", "IMAGES/S", "AGE"]
    assert head.split() == columns
    # AGE stands in IMAGES too.
    shown = [row[head.rindex(a) : head.rindex(b)].strip() for a, b in pairwise(columns[1:])]
    assert shown == ["True", "vit@0123456789ab", "ReEmbedding 42 %", "1/2", "12.5"]
    assert "Answering" in kubectl("get", "dino", "--output=wide")


def test_scale_acts_on_inference(kubectl: Kubectl) -> None:
    kubectl("scale", "dino/demo", "--replicas=3")
    demo = json.loads(kubectl("get", "dino", "demo", "--output=json"))
    assert demo["spec"]["inference"]["replicas"] == 3
    scale = json.loads(kubectl("get", "dino", "demo", "--subresource=scale", "--output=json"))
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (3, 2)


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/ready") else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def healthy() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def asked(*urls: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the test's pod against other addresses."""
    container = one(Helm().template(), "Pod", "-test")["spec"]["containers"][0]
    assert container["command"][0] == "python"
    script = container["args"][0]
    command = [sys.executable, *container["command"][1:], script, "1", *urls]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_helm_test_asks_the_operator_and_the_samples_gateway() -> None:
    values = {"sample.enabled": True, "sample.name": "mine", "bundled.enabled": True}
    pod = one(Helm(namespace="here").template(**values), "Pod", "-test")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod["spec"]["containers"][0]["args"][2:] == [
        "http://dino-dinov3-platform-operator.here.svc:9090/ready",
        "http://mine-gateway.here.svc:80/api/v1/ready",
    ]


def test_helm_test_succeeds_where_everything_answers(healthy: str) -> None:
    said = asked(f"{healthy}/ready", f"{healthy}/api/v1/ready")
    assert said.returncode == 0, said.stderr
    assert said.stdout.count(": 200") == 2


def test_helm_test_names_what_does_not_answer(healthy: str) -> None:
    said = asked(f"{healthy}/ready", f"{healthy}/sick")
    assert (said.returncode, said.stderr) == (1, f"{healthy}/sick: HTTP Error 503: Service Unavailable\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/ready"
    said = asked(address)
    assert said.returncode == 1
    assert said.stderr.startswith(f"{address}: ")
