"""YAML in, YAML out."""

import pytest
from tests.unit.operator.golden_files import CASES, FOLDER, load, rendered

from dino_operator.render import render


@pytest.mark.parametrize("case", CASES)
def test_rendering_is_the_recorded_one(case: str) -> None:
    recorded = (FOLDER / "out" / f"{case}.yaml").read_text()
    assert rendered(case) == recorded, "if it is meant: python -m tests.unit.operator.golden_files"


def test_no_recorded_output_is_without_input() -> None:
    assert sorted(path.stem for path in (FOLDER / "out").glob("*.yaml")) == CASES


@pytest.mark.parametrize("case", CASES)
def test_rendering_twice_gives_the_same_and_shares_nothing(case: str) -> None:
    resource, facts = load(case)
    before = resource.model_copy(deep=True)
    first = render(resource, facts)
    again = render(resource, facts)
    assert first == again
    for item in first:
        item["metadata"]["labels"]["changed"] = "yes"
    assert render(resource, facts) == again
    assert resource == before
