"""A real API server takes the definition and every rendered object, and refuses what the models refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from kubernetes import client, dynamic
from tests.unit.operator.building import manifest
from tests.unit.operator.golden_files import CASES, FOLDER, load
from tests.unit.operator.test_spec import BAD

from dino_operator.render import render
from dino_operator.render.facts import AUTOSCALING, POLICY
from dino_operator.spec import GROUP, PLURAL, VERSION, read_resource

WHERE = (GROUP, VERSION, "default", PLURAL)


def refusal(resources: client.CustomObjectsApi, body: dict[str, Any]) -> str:
    """What the server says to a resource that it must not take."""
    with pytest.raises(client.ApiException) as caught:
        resources.create_namespaced_custom_object(*WHERE, body)
    assert caught.value.status == 422
    return json.loads(caught.value.body)["message"]


@pytest.mark.parametrize("case", CASES)
def test_good_resources_are_taken_and_their_defaults_change_nothing(
    resources: client.CustomObjectsApi, case: str
) -> None:
    given = yaml.safe_load((FOLDER / "in" / f"{case}.yaml").read_text())["resource"]
    given["metadata"] = {"name": case, "namespace": "default"}
    stored = resources.create_namespaced_custom_object(*WHERE, given)
    assert read_resource(stored, strict=True).spec == read_resource(given).spec


@pytest.mark.parametrize(("spec", "path", "words"), BAD, ids=[f"{path}: {words}" for _, path, words in BAD])
def test_bad_resources_are_refused_with_the_fix(
    resources: client.CustomObjectsApi, spec: dict[str, Any], path: str, words: str
) -> None:
    said = refusal(resources, manifest("bad", **spec))
    # Bounds and patterns are told in the server's own words.
    assert (path if words.startswith("not ") else words) in said


@pytest.mark.parametrize("name", ["9lives", "a" * 41, "a.b"])
def test_names_that_children_cannot_bear_are_refused(resources: client.CustomObjectsApi, name: str) -> None:
    assert "at most 40 lower-case letters" in refusal(resources, manifest(name))


@pytest.mark.parametrize("changed", ["slow", None])
def test_the_storage_class_of_the_index_cannot_change(resources: client.CustomObjectsApi, changed: str | None) -> None:
    name = f"store-{changed or 'none'}"
    body = manifest(name, analytics={"storage": {"storageClass": "fast"}})
    resources.create_namespaced_custom_object(*WHERE, body)
    with pytest.raises(client.ApiException, match="make a new DinoDeployment"):
        resources.patch_namespaced_custom_object(
            *WHERE, name, {"spec": {"analytics": {"storage": {"storageClass": changed}}}}
        )
    grown = resources.patch_namespaced_custom_object(
        *WHERE, name, {"spec": {"analytics": {"storage": {"size": "20Gi"}}}}
    )
    assert grown["spec"]["analytics"]["storage"] == {"size": "20Gi", "storageClass": "fast"}


def test_the_cache_may_become_a_volume_whose_class_then_stays(resources: client.CustomObjectsApi) -> None:
    def changed(**cache: str | None) -> Any:
        return resources.patch_namespaced_custom_object(*WHERE, "cached", {"spec": {"model": {"cache": cache}}})

    resources.create_namespaced_custom_object(*WHERE, manifest("cached"))
    changed(type="volume", size="20Gi", storageClass="fast")
    with pytest.raises(client.ApiException, match="name a claim of your own"):
        changed(storageClass="slow")
    assert changed(claimName="mine", storageClass=None)["spec"]["model"]["cache"]["claimName"] == "mine"


def test_scale_acts_on_inference_unless_an_autoscaler_owns_it(resources: client.CustomObjectsApi) -> None:
    resources.create_namespaced_custom_object(*WHERE, manifest("scaled"))
    resources.patch_namespaced_custom_object_scale(*WHERE, "scaled", {"spec": {"replicas": 3}})
    stored = resources.get_namespaced_custom_object(*WHERE, "scaled")
    assert stored["spec"]["inference"]["replicas"] == 3
    resources.create_namespaced_custom_object(*WHERE, manifest("auto", inference={"autoscaling": {}}))
    with pytest.raises(client.ApiException, match="drop replicas to let the autoscaler own them"):
        resources.patch_namespaced_custom_object_scale(*WHERE, "auto", {"spec": {"replicas": 3}})


@pytest.mark.parametrize("case", CASES)
def test_every_object_is_taken_and_applying_it_again_writes_nothing(
    cluster: client.ApiClient, namespace: str, case: str
) -> None:
    groups = client.ApisApi(cluster).get_api_versions().groups
    served = {version.group_version for group in groups for version in group.versions}
    resource, facts = load(case)
    metadata = resource.metadata.model_copy(update={"namespace": namespace})
    resource = resource.model_copy(update={"metadata": metadata})
    apis = frozenset(served & {*AUTOSCALING, *POLICY})
    objects = render(resource, replace(facts, apis=apis, crds=frozenset()))
    api = dynamic.DynamicClient(cluster)
    for item in objects:
        kind = api.resources.get(api_version=item["apiVersion"], kind=item["kind"])
        for _ in range(2):
            stored = kind.server_side_apply(item, namespace=namespace, field_manager="dino-operator")
        # Only what another controller did to the object may differ; our fields are written once.
        (ours,) = [entry for entry in stored.metadata.managedFields if entry.manager == "dino-operator"]
        assert ours.operation == "Apply"
        again = kind.server_side_apply(item, namespace=namespace, field_manager="dino-operator").metadata.managedFields
        assert [entry.time for entry in again if entry.manager == "dino-operator"] == [ours.time]
