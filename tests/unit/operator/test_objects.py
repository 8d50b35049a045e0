"""What holds for every rendering: objects fit together, fit the API, and give the services settings they know."""

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import ApiClient, Configuration
from pydantic import AliasChoices
from tests.unit.operator.building import deployment, environment, objects, of_kind, pod
from tests.unit.operator.golden_files import CASES, load

from dino_common.settings import Settings
from dino_operator.render import render

# Read by Python and by the hub's client, not by the settings.
FOREIGN = {"HOME", "HF_TOKEN", "HF_ENDPOINT", "HTTPS_PROXY"}
MODELS = {
    "ServiceAccount": "V1ServiceAccount",
    "Role": "V1Role",
    "RoleBinding": "V1RoleBinding",
    "ConfigMap": "V1ConfigMap",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "Service": "V1Service",
    "NetworkPolicy": "V1NetworkPolicy",
    "PodDisruptionBudget": "V1PodDisruptionBudget",
    "Deployment": "V1Deployment",
    "HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
    "Ingress": "V1Ingress",
}
CUSTOM = {"ScaledObject", "ServiceMonitor", "HTTPRoute"}


def known_names() -> set[str]:
    found: set[str] = set()
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        found |= set(alias.choices) if isinstance(alias, AliasChoices) else {str(alias)}  # type: ignore[arg-type]
    return found


@pytest.fixture(params=CASES)
def found(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return render(*load(request.param))


def test_every_field_is_one_of_the_api(found: list[dict[str, Any]]) -> None:
    client = ApiClient(Configuration())
    for item in found:
        if item["kind"] in CUSTOM:
            continue
        typed = client.deserialize(SimpleNamespace(data=json.dumps(item)), MODELS[item["kind"]])
        assert client.sanitize_for_serialization(typed) == item, item["metadata"]["name"]


def test_names_are_unique_and_dns_labels(found: list[dict[str, Any]]) -> None:
    keys = [(item["kind"], item["metadata"]["name"]) for item in found]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,62}", name) for _, name in keys)


def test_every_object_says_whose_it_is(found: list[dict[str, Any]]) -> None:
    for item in found:
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "dino-operator"
        assert labels["app.kubernetes.io/instance"]
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", value) for value in labels.values())


def test_references_lead_to_rendered_objects(found: list[dict[str, Any]]) -> None:
    names = {(item["kind"], item["metadata"]["name"]) for item in found}
    given = {"models"}  # claims that users make
    for item in of_kind(found, "Deployment").values():
        spec = pod(item)
        assert ("ServiceAccount", spec["serviceAccountName"]) in names
        for container in spec["containers"]:
            assert ("ConfigMap", container["envFrom"][0]["configMapRef"]["name"]) in names
        for volume in spec["volumes"]:
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            assert claim is None or claim in given or ("PersistentVolumeClaim", claim) in names
        mounted = {m["name"] for c in [*spec["containers"], *spec.get("initContainers", [])] for m in c["volumeMounts"]}
        assert mounted == {volume["name"] for volume in spec["volumes"]}
    for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
        for item in of_kind(found, kind).values():
            assert ("Deployment", item["spec"]["scaleTargetRef"]["name"]) in names


def test_selectors_pick_pods_and_only_their_own(found: list[dict[str, Any]]) -> None:
    labels = {name: d["spec"]["template"]["metadata"]["labels"] for name, d in of_kind(found, "Deployment").items()}
    for name, item in of_kind(found, "Deployment").items():
        wanted = item["spec"]["selector"]["matchLabels"].items()
        assert [other for other in labels if wanted <= labels[other].items()] == [name]
    for kind, path in (("Service", "selector"), ("NetworkPolicy", "podSelector"), ("PodDisruptionBudget", "selector")):
        for item in of_kind(found, kind).values():
            selector = item["spec"][path]
            wanted = selector.get("matchLabels", selector).items()
            picked = {labels[name]["app.kubernetes.io/component"] for name in labels if wanted <= labels[name].items()}
            assert picked == {item["metadata"]["labels"]["app.kubernetes.io/component"]}


def test_services_get_only_settings_that_they_know(found: list[dict[str, Any]]) -> None:
    for item in of_kind(found, "Deployment").values():
        for container in [*pod(item)["containers"], *pod(item).get("initContainers", [])]:
            assert set(environment(found, container)) <= known_names() | FOREIGN


def test_services_accept_the_values(found: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in known_names():
        monkeypatch.delenv(name, raising=False)
    for item in of_kind(found, "Deployment").values():
        values = environment(found, pod(item)["containers"][0])
        with monkeypatch.context() as process:
            for name, value in values.items():
                if value is not None:
                    process.setenv(name, value)
            settings = Settings()  # type: ignore[call-arg]
        assert settings.namespace == item["metadata"]["namespace"]
        grace = pod(item)["terminationGracePeriodSeconds"]
        assert grace > settings.drain_seconds


def test_pods_run_without_privileges(found: list[dict[str, Any]]) -> None:
    for item in of_kind(found, "Deployment").values():
        spec = pod(item)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] != 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"]["drop"] == ["ALL"]
            assert security.get("runAsUser") is None or container["name"] == "own-cache"


def test_only_the_gateway_holds_a_token(found: list[dict[str, Any]]) -> None:
    holders = [name for name, d in of_kind(found, "Deployment").items() if pod(d)["automountServiceAccountToken"]]
    assert [name.endswith("-gateway") for name in holders] == [True]
    (role,) = of_kind(found, "Role").values()
    (rule,) = role["rules"]
    assert rule["verbs"] == ["get", "patch"]
    assert rule["resourceNames"] == [role["metadata"]["labels"]["app.kubernetes.io/instance"]]


def test_replicas_belong_to_the_autoscaler_where_there_is_one(found: list[dict[str, Any]]) -> None:
    scaled = {
        item["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for item in of_kind(found, kind).values()
    }
    for name, item in of_kind(found, "Deployment").items():
        assert not (name in scaled and "replicas" in item["spec"]), name


def test_ports_name_their_protocol_and_quantities_are_text(found: list[dict[str, Any]]) -> None:
    for item in of_kind(found, "Deployment").values():
        for container in pod(item)["containers"]:
            assert all(port["protocol"] == "TCP" for port in container["ports"])
            for amounts in container["resources"].values():
                assert all(isinstance(value, str) for value in amounts.values())
    for item in of_kind(found, "Service").values():
        assert all(port["protocol"] == "TCP" for port in item["spec"]["ports"])


def test_probes_ask_where_the_service_answers() -> None:
    found = objects()
    for service in ("gateway", "inference", "video", "analytics"):
        (container,) = pod(deployment(found, service))["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        values = environment(found, container)
        for probe, path in (("livenessProbe", "live"), ("readinessProbe", "ready")):
            ask = container[probe]["httpGet"]
            expected = "API_PORT" if service == "gateway" else "DINO_ADMIN_PORT"
            assert str(ports[ask["port"]]) == values[expected]
            assert ask["path"] == (f"/api/v1/{path}" if service == "gateway" else f"/{path}")
        assert container["command"] == ["python", "-m", f"dino_{service}"]
