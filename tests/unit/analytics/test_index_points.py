"""Names, terms and payloads of stored points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_analytics.index.errors import IndexDimensionMismatch, InvalidItem
from dino_analytics.index.interface import IndexItem
from dino_analytics.index.points import collection_name, stored_payload, term, unit_vector

scalars = st.one_of(st.text(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False))
ID = "550e8400-e29b-41d4-a716-446655440000"


@given(st.text(), st.text())
def test_versions_never_share_a_collection(a, b):
    assert (collection_name(a) == collection_name(b)) == (a == b)
    assert set(collection_name(a)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(st.text(), scalars, st.text(), scalars)
def test_terms_are_equal_exactly_when_key_type_and_value_are(key, value, other_key, other):
    if any(isinstance(v, float) and v in (float("inf"), float("-inf")) for v in (value, other)):
        return

    def kind(v):
        return "bool" if isinstance(v, bool) else "str" if isinstance(v, str) else "number"

    same = key == other_key and kind(value) == kind(other) and value == other
    assert (term(key, value) == term(other_key, other)) == same


@pytest.mark.parametrize("payload", [{"a": {1, 2}}, {"a": float("nan")}, {"uploaded": "soon"}])
def test_payload_that_cannot_be_stored_is_refused(payload):
    with pytest.raises(InvalidItem):
        stored_payload(IndexItem(ID, np.ones(3, np.float32), payload))


def test_vectors_are_stored_at_length_one():
    assert np.linalg.norm(unit_vector(np.array([3, 4], np.float32), 2, "c")) == pytest.approx(1)
    with pytest.raises(IndexDimensionMismatch, match="holds vectors of 3 numbers, got 2"):
        unit_vector(np.ones(2, np.float32), 3, "c")
    with pytest.raises(InvalidItem):
        unit_vector(np.array([np.inf, 1], np.float32), 2, "c")
