"""Conditions name what is wrong and what to do, and are quiet when nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.operator.status.seeing import KEY, NOW, cases, look, remembered, resource, seen

from dino_operator.spec.reading import Fault
from dino_operator.status import find, invalid, read_status, transitions
from dino_operator.status.reasons import ConditionType, Reason

REASONS = {str(reason) for reason in Reason}


@pytest.mark.parametrize("case", cases("conditions"), ids=lambda case: case["name"])
def test_conditions_say(case: dict[str, Any]) -> None:
    previous = remembered(case.get("status"))
    _, status = look(resource(**case.get("spec", {})), previous, seen(**case.get("seen", {})))
    for kind, expected in case["expect"].items():
        found = find(status, kind)
        assert (found.status, found.reason) == (expected["status"], expected["reason"]), found.message
        assert expected.get("says", "") in found.message
        assert found.last_transition_time == expected.get("since", found.last_transition_time)


@pytest.mark.parametrize("case", cases("conditions"), ids=lambda case: case["name"])
def test_a_second_look_at_the_same_changes_nothing(case: dict[str, Any]) -> None:
    made, found = resource(**case.get("spec", {})), seen(**case.get("seen", {}))
    _, first = look(made, remembered(case.get("status")), found)
    _, second = look(made, first, found)
    _, third = look(made, second, found, NOW + timedelta(seconds=1))
    assert third == second
    assert transitions(second, third) == ()
    kept = read_status(third.model_dump(mode="json", by_alias=True, exclude_none=True))
    assert kept == third


def test_every_condition_is_there_once_with_a_known_reason() -> None:
    for case in cases("conditions"):
        _, status = look(resource(**case.get("spec", {})), remembered(case.get("status")), seen(**case.get("seen", {})))
        assert [c.type for c in status.conditions] == [str(kind) for kind in ConditionType]
        assert all(c.reason in REASONS and c.message and c.observed_generation == 7 for c in status.conditions)


def test_a_transition_time_moves_with_the_status_alone() -> None:
    made = resource()
    _, well = look(made, remembered(None), seen())
    later = NOW + timedelta(hours=1)
    _, worse = look(made, well, seen(bus={"reachable": False, "error": "gone", "inference": {}}), later)
    assert find(worse, "Ready").last_transition_time == "2026-01-01T13:30:00Z"
    assert find(worse, "Migrated").last_transition_time == "2026-01-01T12:30:00Z"
    _, other = look(
        made, worse, seen(bus={"reachable": False, "error": "refused", "inference": {}}), later + timedelta(hours=1)
    )
    assert find(other, "Ready").last_transition_time == "2026-01-01T13:30:00Z"
    assert "refused" in find(other, "Ready").message


def test_an_invalid_spec_is_said_and_what_was_known_stays() -> None:
    _, well = look(resource(), remembered(None), seen())
    faults = [Fault("spec.inference.batchSize", "must be at least 1"), Fault("spec.x", "no such field")]
    status = invalid(well, faults, 8, NOW)
    assert find(status, "Ready").status == "Unknown"
    assert find(status, "Degraded").reason == "InvalidSpec"
    assert "spec.inference.batchSize: must be at least 1; spec.x: no such field" in find(status, "Degraded").message
    assert status.versions == well.versions
    assert status.observed_generation == 7
    assert find(status, "Migrated") == find(well, "Migrated")
    assert invalid(status, faults, 8, NOW + timedelta(hours=1)) == status
    assert [c.type for c in status.conditions].count("Ready") == 1
    _, again = look(resource(), status, seen())
    assert find(again, "Ready").reason == "Serving"


def test_one_fault_is_one_event_and_its_end_another() -> None:
    made = resource()
    _, well = look(made, remembered(None), seen())
    assert [e.reason for e in transitions(read_status({}), well)] == ["Ready"]
    pods = [{"name": "p", "service": "inference", "key": KEY, "unschedulable": "0/1 nodes: Insufficient memory"}]
    sick = {"deployments": [{"name": "d", "service": "inference", "key": KEY, "role": "serving"}], "pods": pods}
    _, worse = look(made, well, seen(**sick, bus={"inference": {}}))
    assert [(e.type, e.reason) for e in transitions(well, worse)] == [("Warning", "Unschedulable")]
    _, again = look(made, worse, seen())
    assert {(e.type, e.reason) for e in transitions(worse, again)} == {
        ("Normal", "Ready"),
        ("Normal", "DegradedRecovered"),
        ("Normal", "ModelReadyRecovered"),
    }


def test_a_start_is_no_trouble_to_tell_of() -> None:
    found = seen(deployments=[], pods=[], bus={"asked": False, "reachable": False, "inference": {}, "self_tests": {}})
    _, status = look(resource(), read_status({}), found)
    assert transitions(read_status({}), status) == ()
