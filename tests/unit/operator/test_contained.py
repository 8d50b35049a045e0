"""What the server and others add is no difference; what they change is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operator.building import objects

from dino_operator.kube.contained import contained, quantity

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab1mi", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_everything_contains_itself(value: Any) -> None:
    assert contained(value, copy.deepcopy(value))


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON),
    st.dictionaries(st.text("xyz", min_size=1, max_size=2), JSON),
)
def test_fields_beyond_the_wanted_ones_do_not_count(wanted: dict[str, Any], more: dict[str, Any]) -> None:
    assert contained(wanted, wanted | more)


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"a": {}}, {}),
        ({"a": []}, {}),
        ({"a": None}, {}),
        ({"a": ""}, {}),
        ({"a": False}, {}),
        ({"limits": {"cpu": "1000m", "memory": "1024Mi"}}, {"limits": {"cpu": "1", "memory": "1Gi"}}),
        ({"limits": {"nvidia.com/gpu": "2"}}, {"limits": {"nvidia.com/gpu": 2}}),
        ([{"name": "a", "x": 1}], [{"name": "sidecar"}, {"name": "a", "x": 1, "y": 2}]),
    ],
)
def test_the_servers_way_of_writing_is_no_difference(wanted: Any, live: Any) -> None:
    assert contained(wanted, live)


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"a": 1}, {}),
        ({"a": 0}, {}),
        ({"a": 1}, {"a": 2}),
        ({"a": True}, {"a": 1}),
        ({"a": {"b": "x"}}, {"a": None}),
        ({"a": {"b": "x"}}, {"a": "x"}),
        (["a"], ["a", "b"]),
        (["a", "b"], ["b", "a"]),
        ([{"name": "a"}], [{"name": "b"}]),
        ([{"name": "a", "value": "1"}], [{"name": "a", "value": "2"}]),
        ([{"port": 1}], [{"port": 1}, {"port": 2}]),
        ({"value": "1000m"}, {"value": "1"}),
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "2"}}),
    ],
)
def test_a_change_is_a_difference(wanted: Any, live: Any) -> None:
    assert not contained(wanted, live)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not items and not isinstance(value, dict | list):
        return [path]
    return [leaf for name, inner in items for leaf in _leaves(inner, (*path, name))]


def test_every_field_of_every_rendered_object_counts() -> None:
    for item in objects(gateway={"ingress": {"host": "a.example.com"}}):
        for path in _leaves(item):
            live = copy.deepcopy(item)
            inner = live
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = "changed" if inner[path[-1]] != "changed" else "other"
            assert not contained(item, live), f"{item['kind']}: {path}"


@pytest.mark.parametrize(
    ("text", "value"),
    [("500m", 0.5), ("2", 2), ("1Ki", 1024), ("1k", 1000), ("0.5Gi", 2**29), (3, 3), ("x", None), ("", None)],
)
def test_quantities(text: Any, value: float | None) -> None:
    assert quantity(text) == value
