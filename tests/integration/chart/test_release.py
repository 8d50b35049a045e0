"""A release on a real API server: it comes, it is upgraded, it goes, and leaves nothing but what it was told to."""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from kubernetes.client import ApiClient
from tests.integration.chart.conftest import CRD, Watched
from tests.integration.chart.helm import CHART, Helm, Refused
from tests.kube.definitions import wait_served

from dino_operator.crd import definition
from dino_operator.spec import GROUP, PLURAL, VERSION

# What the cluster writes by itself, at times of its own.
OWN_LIFE = {"Event", "Lease", "EndpointSlice", "PodMetrics", "NodeMetrics"}
TRYING = {"bundled.enabled": True, "bundled.qdrant.enabled": True, "sample.enabled": True}
SECONDS = 40

Place = tuple[str, str, str]


def everything(api: ApiClient) -> set[Place]:
    """Every object of the cluster, of every kind that can be listed."""
    found: set[Place] = set()
    groups = [
        version.group_version for group in client.ApisApi(api).get_api_versions().groups for version in group.versions
    ]
    for version in ["v1", *groups]:
        root = "/api" if version == "v1" else "/apis"
        try:
            served = _get(api, f"{root}/{version}")["resources"]
        except client.ApiException as error:
            if error.status != 404:  # went away between the two questions
                raise
            continue
        for kind in served:
            if "list" in kind["verbs"] and kind["kind"] not in OWN_LIFE and "/" not in kind["name"]:
                for item in _get(api, f"{root}/{version}/{kind['name']}")["items"]:
                    metadata = item["metadata"]
                    found.add((f"{kind['kind']}", metadata.get("namespace", ""), metadata["name"]))
    return found


def _get(api: ApiClient, path: str) -> Any:
    answer = api.call_api(
        path,
        "GET",
        header_params={"Accept": "application/json"},
        auth_settings=["BearerToken"],
        _preload_content=False,
    )
    raw = answer[0] if isinstance(answer, tuple) else answer
    return json.loads(raw.data)


def left(api: ApiClient, before: set[Place], *expected: Place) -> set[Place]:
    """Wait until nothing but what is expected was added; return what else is there in the end."""
    deadline = time.monotonic() + SECONDS
    while more := everything(api) - before - set(expected):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return more


def dino(api: ApiClient, namespace: str, name: str = "dino") -> Any:
    return client.CustomObjectsApi(api).get_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, name)


def secret(api: ApiClient, namespace: str) -> dict[str, str]:
    data = client.CoreV1Api(api).read_namespaced_secret("dino-dinov3-platform-connections", namespace).data
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


@pytest.mark.parametrize("values", [{}, TRYING], ids=["alone", "with everything"])
def test_nothing_is_left_when_nothing_is_to_be_kept(helm: Helm, api: ApiClient, values: dict[str, Any]) -> None:
    before = everything(api)
    keep = {"crd.keep": False, "bundled.keepData": False}
    helm.install("dino", **values, **keep)
    assert ("CustomResourceDefinition", "", CRD) in everything(api) - before
    helm.upgrade("dino", **values, **keep, **{"operator.replicas": 2})
    helm.uninstall("dino")
    assert left(api, before) == set()


def test_what_is_kept_is_data_and_the_definition_alone(helm: Helm, api: ApiClient) -> None:
    before = everything(api)
    helm.install("dino", **TRYING)
    passwords = secret(api, helm.namespace)
    helm.uninstall("dino")
    own, stores = helm.namespace, ("nats", "mongodb", "valkey", "objects", "qdrant")
    kept = {("PersistentVolumeClaim", own, f"dino-dinov3-platform-{store}") for store in stores}
    kept |= {("Secret", own, "dino-dinov3-platform-connections"), ("CustomResourceDefinition", "", CRD)}
    kept |= {("APIService", "", f"{VERSION}.{GROUP}")}  # made by the server for the definition
    assert left(api, before, *kept) == set()
    assert kept <= everything(api)
    # The next release finds its data and its passwords.
    helm.install("dino", **TRYING)
    assert secret(api, own) == passwords


def test_an_upgrade_keeps_passwords_and_the_sample(helm: Helm, api: ApiClient) -> None:
    helm.install("dino", **TRYING)
    made, passwords = dino(api, helm.namespace), secret(api, helm.namespace)
    assert made["spec"]["connections"]["secretName"] == "dino-dinov3-platform-connections"
    assert all(len(passwords[f"{store}_PASSWORD"]) == 32 for store in ("NATS", "MONGODB", "VALKEY", "OBJECTS"))
    if helm.major < 4:
        # It takes the sample over as it is, whatever the values say.
        helm.upgrade("dino", **TRYING)
    for number in (2, 3):
        helm.upgrade("dino", **TRYING, **{"sample.spec.inference.replicas": number})
        now = dino(api, helm.namespace)
        assert (now["metadata"]["uid"], now["spec"]["inference"]["replicas"]) == (made["metadata"]["uid"], number)
    assert secret(api, helm.namespace) == passwords
    # It can be taken out of the release again.
    helm.upgrade("dino", **TRYING | {"sample.enabled": False})
    with pytest.raises(client.ApiException, match="404"):
        dino(api, helm.namespace)


def test_the_definition_is_upgraded_with_the_chart(helm: Helm, api: ApiClient, tmp_path: Path) -> None:
    older = Helm(helm.environment, helm.namespace, shutil.copytree(CHART, tmp_path / "chart"))
    path = older.chart / "files" / "crd.yaml"
    crd = yaml.safe_load(path.read_text())
    del crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["paused"]
    path.write_text(yaml.safe_dump(crd))
    older.install("dino")
    wait_served(api, definition())
    resources, where = client.CustomObjectsApi(api), (GROUP, VERSION, helm.namespace, PLURAL)
    body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "DinoDeployment", "metadata": {"name": "old"}}
    body["spec"] = {"connections": {"secretName": "stores"}, "paused": True}
    assert "paused" not in resources.create_namespaced_custom_object(*where, body)["spec"]
    helm.upgrade("dino")
    deadline = time.monotonic() + 20
    while "paused" not in resources.patch_namespaced_custom_object(*where, "old", {"spec": {"paused": True}})["spec"]:
        assert time.monotonic() < deadline, "the new field is not served"
        time.sleep(0.1)
    # What was written with the older definition is still there.
    assert dino(api, helm.namespace, "old")["spec"]["connections"] == {"secretName": "stores"}


def test_resources_outlive_the_release_unless_told_otherwise(helm: Helm, api: ApiClient) -> None:
    helm.install("dino")
    wait_served(api, definition())
    body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "DinoDeployment", "metadata": {"name": "mine"}}
    body["spec"] = {"connections": {"secretName": "stores"}}
    client.CustomObjectsApi(api).create_namespaced_custom_object(GROUP, VERSION, helm.namespace, PLURAL, body)
    helm.uninstall("dino")
    assert dino(api, helm.namespace, "mine")["spec"]["connections"] == {"secretName": "stores"}
    helm.install("again", **{"crd.install": False})


def test_notes_say_the_next_command(helm: Helm) -> None:
    said = helm.install("dino", "--dry-run=client")
    assert f"kubectl -n {helm.namespace} create secret generic dino-connections" in said
    said = helm.install("dino", "--dry-run=client", **{"bundled.enabled": True})
    assert "connections: {secretName: dino-dinov3-platform-connections}" in said
    assert "does not look after" not in said
    elsewhere = {"bundled.enabled": True, "bundled.qdrant.enabled": True, "operator.watchNamespaces": ["team-a"]}
    said = helm.install("dino", "--dry-run=client", **elsewhere)
    assert "connections: {secretName: dino-dinov3-platform-connections, vectorIndex: {}}" in said
    assert f"--set 'operator.watchNamespaces={{team-a,{helm.namespace}}}'" in said
    values = TRYING | {"sample.name": "mine", "sample.spec": {"gateway": {"service": {"port": 8080}}}}
    said = helm.install("dino", "--dry-run=client", **values)
    assert "wait --for=condition=Ready dino/mine" in said
    assert "port-forward service/mine-gateway 3012:8080" in said


def test_two_releases_do_not_fight_over_the_definition(helm: Helm, watched: Watched) -> None:
    helm.install("dino")
    with pytest.raises(Refused, match=r"dinodeployments\.dinov3\.io"):
        helm.install("more")
    helm.install("other", **{"crd.install": False})
