"""The runbook has a section for every condition and reason, and a line for every event."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dino_operator.rollout as rollout
from dino_operator.status.reasons import ConditionType, Reason

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))
ROLLOUT = "".join(path.read_text() for path in Path(rollout.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("name", [*map(str, ConditionType), *map(str, Reason)])
def test_every_condition_and_reason_has_a_section(name: str) -> None:
    assert SECTIONS[name].strip()


def test_no_section_is_about_nothing() -> None:
    assert SECTIONS.keys() == {str(name) for name in (*ConditionType, *Reason)}


def test_every_condition_names_a_command() -> None:
    assert all("    kubectl " in SECTIONS[kind] for kind in ConditionType)


def test_every_event_has_a_line() -> None:
    events = set(re.findall(r'Event\(\s*(?:"\w+"|kind),\s*"(\w+)"', ROLLOUT))
    assert len(events) > 10
    table = PAGE[PAGE.index("## Events") :]
    assert {event for event in events if f"`{event}`" not in table} == set()


def test_every_reason_of_a_fault_or_rollback_is_a_known_one() -> None:
    faults = set(re.findall(r'Fault\(\s*"(\w+)"', ROLLOUT)) | set(
        re.findall(r'roll_back\(state, look, "(\w+)"', ROLLOUT)
    )
    checks = set(re.findall(r'return "(\w+)", f"', ROLLOUT))
    assert {"ErrorRate", "Latency", "Agreement"} == checks
    assert len(faults) > 5
    assert faults | checks <= {str(reason) for reason in Reason}


def test_links_within_the_page_lead_somewhere() -> None:
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= {heading.replace(" ", "-") for heading in headings}
