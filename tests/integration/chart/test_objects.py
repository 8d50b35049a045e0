"""Every object of the chart is one that a real API server takes, on older and newer clusters, with little given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, dynamic
from tests.integration.chart.conftest import Watched
from tests.integration.chart.helm import CHART, CI, PROMETHEUS, Helm, Manifest, one
from tests.kube.definitions import installed
from tests.kube.namespaces import fresh_namespace

from dino_operator.crd import definition

BUNDLED = {"bundled.enabled": True, "bundled.qdrant.enabled": True}


def stub(group: str, version: str, kind: str) -> Manifest:
    """A definition without a schema, as of another project."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Groups below k8s.io want a word on who agreed to it.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }


@pytest.mark.parametrize("values", CI, ids=lambda path: path.name)
def test_the_server_takes_every_object(watched: Watched, api: client.ApiClient, values: Path) -> None:
    minor = str(watched.plane.minor)
    monitor, rule = (stub("monitoring.coreos.com", "v1", kind.rpartition("/")[2]) for kind in PROMETHEUS)
    with fresh_namespace(api) as namespace:
        helm = Helm(namespace=namespace)
        objects = helm.template("--values", values, "--kube-version", f"1.{minor}.0", apis=PROMETHEUS)
        with installed(api, monitor), installed(api, rule), installed(api, definition()):
            dynamic_api = dynamic.DynamicClient(api)
            for item in objects:
                where = None
                if "namespace" in item["metadata"]:
                    # Those that values name are on no test cluster; a dry run asks only what the objects are.
                    where = item["metadata"]["namespace"] = namespace
                kind = dynamic_api.resources.get(api_version=item["apiVersion"], kind=item["kind"])
                kind.server_side_apply(item, namespace=where, field_manager="helm", dry_run="All", force_conflicts=True)


def test_newer_clusters_get_newer_versions_and_rules() -> None:
    values = {"operator.disruptionBudget.enabled": True}
    old = Helm().template("--kube-version", "1.20.2", **values)
    new = Helm().template("--kube-version", "1.31.0", **values)
    assert "x-kubernetes-validations" not in yaml.safe_dump(one(old, "CustomResourceDefinition"))
    assert one(new, "CustomResourceDefinition")["spec"] == definition()["spec"]
    assert one(old, "PodDisruptionBudget")["apiVersion"] == "policy/v1beta1"
    assert one(new, "PodDisruptionBudget")["apiVersion"] == "policy/v1"


def test_older_clusters_than_the_oldest_are_refused() -> None:
    with pytest.raises(AssertionError, match=r"kubeVersion: >=1\.20"):
        Helm().template("--kube-version", "1.19.0")


def test_what_others_define_is_made_only_where_they_are() -> None:
    kinds = {item["kind"] for item in Helm().template()}
    assert not kinds & {"ServiceMonitor", "PrometheusRule"}
    kinds = {item["kind"] for item in Helm().template(apis=PROMETHEUS)}
    assert {"ServiceMonitor", "PrometheusRule"} <= kinds


def test_dashboards_and_rules_are_those_of_the_folder() -> None:
    objects = Helm().template(apis=PROMETHEUS, **{"dashboards.labels": {"find": "me"}})
    shipped = {
        name: text
        for item in objects
        if item["kind"] == "ConfigMap" and item["metadata"]["labels"].get("find") == "me"
        for name, text in item["data"].items()
    }
    assert shipped
    assert shipped == {path.name: path.read_text().rstrip("\n") for path in (CHART / "files/dashboards").iterdir()}
    rules = yaml.safe_load((CHART / "files/rules/alerts.yaml").read_text())
    assert one(objects, "PrometheusRule")["spec"] == rules


def pods(objects: list[Manifest]) -> dict[str, Manifest]:
    """The pods that objects make, by name."""
    found = {i["metadata"]["name"]: i["spec"]["template"]["spec"] for i in objects if "template" in i.get("spec", {})}
    return found | {item["metadata"]["name"]: item["spec"] for item in objects if item["kind"] == "Pod"}


def test_pods_are_confined_as_the_restricted_standard_asks() -> None:
    found = pods(Helm().template(**BUNDLED))
    assert len(found) == 7
    for name, spec in found.items():
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec.get("hostNetwork") is None, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
    (operator,) = [spec for name, spec in found.items() if name.endswith("-operator")]
    assert operator["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_only_the_operator_has_a_token() -> None:
    for name, spec in pods(Helm().template(**BUNDLED)).items():
        assert spec["automountServiceAccountToken"] is name.endswith("-operator"), name


def test_images_are_pinned() -> None:
    for name, spec in pods(Helm().template(**BUNDLED)).items():
        for container in spec["containers"]:
            _, _, tag = container["image"].rpartition(":")
            assert any(letter.isdigit() for letter in tag), (name, container["image"])


def test_the_operators_pods_are_not_taken_for_a_services() -> None:
    spec: dict[str, Any] = one(Helm().template(), "Deployment", "-operator")["spec"]
    assert spec["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "dino-operator"


def test_an_operator_for_some_namespaces_has_no_rights_in_others() -> None:
    objects = Helm(namespace="system").template(
        **{"operator.watchNamespaces": ["team-a", "team-b"], "operator.countGpus": False}
    )
    assert not [item for item in objects if item["kind"].startswith("ClusterRole")]
    roles = {item["metadata"]["namespace"] for item in objects if item["kind"] == "Role"}
    assert roles == {"system", "team-a", "team-b"}
    counting = Helm(namespace="system").template(**{"operator.watchNamespaces": ["team-a"]})
    assert {verb for rule in one(counting, "ClusterRole")["rules"] for verb in rule["verbs"]} == {"list"}


def test_the_operator_reads_the_settings_that_are_set() -> None:
    from dino_operator.settings import OperatorSettings

    known = {f"DINO_OPERATOR_{name.upper()}" for name in OperatorSettings.model_fields}
    spec = one(Helm().template(), "Deployment", "-operator")["spec"]["template"]["spec"]
    named = {item["name"] for item in spec["containers"][0]["env"]}
    assert named - {"HOME", "POD_NAMESPACE"} <= known


def test_helm_test_gets_through_the_operators_network_policy() -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    values = {"operator.networkPolicy.enabled": True, "operator.networkPolicy.metricsFrom": peers}
    objects = Helm().template(**values)
    (rule,) = one(objects, "NetworkPolicy", "-operator")["spec"]["ingress"]
    labels = one(objects, "Pod", "-test")["metadata"]["labels"]
    (asking,) = [peer["podSelector"]["matchLabels"] for peer in rule["from"] if peer not in peers]
    assert asking.items() <= labels.items()
    (rule,) = one(Helm().template(**values, **{"tests.enabled": False}), "NetworkPolicy", "-operator")["spec"][
        "ingress"
    ]
    assert rule["from"] == peers
    # Named by nobody, everybody may ask.
    (rule,) = one(Helm().template(**{"operator.networkPolicy.enabled": True}), "NetworkPolicy")["spec"]["ingress"]
    assert "from" not in rule
