"""What is applied, what is left alone, and the smallest patch of a status."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.building import deployment, objects
from tests.unit.operator.scripted_api import scripted

from dino_operator.control.merge import merge_patch
from dino_operator.kube.apply import APPLIED, NameTaken, apply, differs, finished, kept, others_replicas
from dino_operator.kube.kinds import DEPLOYMENTS

OWNER = {"apiVersion": "dinov3.io/v1alpha1", "kind": "DinoDeployment", "name": "demo", "uid": "u1", "controller": True}


def gateway() -> dict[str, Any]:
    return finished(deployment(objects(), "gateway"), OWNER)


def live(**managed: Any) -> dict[str, Any]:
    found = copy.deepcopy(gateway())
    found["metadata"] |= {"uid": "c1", "resourceVersion": "7", "generation": 1}
    if managed:
        found["metadata"]["managedFields"] = [
            {"operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}} | managed
        ]
    return kept(found)


def test_the_same_object_is_not_applied_again_and_a_changed_wish_is() -> None:
    assert not differs(gateway(), live())
    wanted = deployment(objects(gateway={"limits": {"maxBatchSize": 9}}), "gateway")
    assert differs(finished(wanted, OWNER), live())


def test_a_field_that_is_wanted_no_more_is_noticed_although_the_rest_is_there() -> None:
    wanted = deployment(objects(), "gateway")
    del wanted["spec"]["template"]["spec"]["enableServiceLinks"]
    assert differs(finished(wanted, OWNER), live())


def test_what_goes_away_is_not_fought_for() -> None:
    going = live()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    going["spec"]["replicas"] = 7
    assert not differs(gateway(), going)


@pytest.mark.parametrize(
    ("entry", "owner"),
    [
        ({"manager": "site-autoscaler", "operation": "Apply"}, "site-autoscaler"),
        ({"manager": "anything", "subresource": "scale"}, "anything"),
        ({"manager": "kube-controller-manager"}, "kube-controller-manager"),
        ({"manager": "kubectl", "subresource": "scale"}, None),
        ({"manager": "kubectl-edit"}, None),
        ({"manager": "dino-operator", "operation": "Apply"}, None),
    ],
)
def test_controllers_own_replicas_and_people_do_not(entry: dict[str, str], owner: str | None) -> None:
    assert others_replicas(live(**entry)) == owner


def test_what_is_remembered_has_no_managed_fields() -> None:
    assert "managedFields" not in live(manager="x", operation="Apply")["metadata"]


async def test_nothing_is_sent_to_an_object_of_somebody_else() -> None:
    """Without a field in conflict it would be applied, owned, and deleted with the resource."""
    sent: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.method == "PATCH":
            sent.append(request.path)
            return web.json_response(await request.json())
        theirs = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "name": "demo-gateway"}
        return web.json_response({"metadata": theirs})

    async with scripted(handler) as client:
        with pytest.raises(NameTaken, match="belongs to Helm"):
            await apply(client, DEPLOYMENTS, gateway(), None)
    assert sent == []


async def test_a_child_that_lost_its_label_is_ours_all_the_same() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.method == "PATCH":
            return web.json_response(await request.json())
        return web.json_response({"metadata": {"name": "demo-gateway", "ownerReferences": [OWNER]}})

    async with scripted(handler) as client:
        done = await apply(client, DEPLOYMENTS, gateway(), None)
    assert done["metadata"]["annotations"][APPLIED]


async def test_replicas_are_held_while_they_change_hands() -> None:
    sent: list[tuple[str, Any]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        sent.append((request.query["fieldManager"], body["spec"].get("replicas")))
        return web.json_response(body)

    wanted = finished(deployment(objects(gateway={"autoscaling": {"engine": "none"}}), "gateway"), OWNER)
    known = live(manager="dino-operator", operation="Apply")
    known["spec"]["replicas"] = 3
    async with scripted(handler) as client:
        await apply(client, DEPLOYMENTS, wanted, known)
    assert sent == [("dino-operator-handover", 3), ("dino-operator", None)]


JSON = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)
MAPS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386, as the standard writes it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


@given(MAPS, MAPS)
def test_a_merge_patch_leads_from_one_state_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert merged(old, merge_patch(old, new)) == new


@given(MAPS)
def test_no_change_is_an_empty_patch(state: dict[str, Any]) -> None:
    assert merge_patch(state, copy.deepcopy(state)) == {}
