"""What is packed comes back the same; vectors travel as one buffer."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dino_common.bus.codec import pack, unpack

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_plain_values_come_back(value):
    assert unpack(pack(value)) == value


@given(
    hnp.arrays(
        st.sampled_from(["<f4", "<f2", "<f8", "u1", "<i4", "?"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    )
)
def test_arrays_come_back(array):
    got = unpack(pack({"a": array}))["a"]
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    np.testing.assert_array_equal(got, array)


def test_big_endian_arrays_travel_as_little_endian():
    got = unpack(pack(np.array([1.5, -2.0], dtype=">f4")))
    assert got.tolist() == [1.5, -2.0]
    assert got.dtype.str == "<f4"


def test_a_vector_costs_four_bytes_a_number():
    assert len(pack(np.zeros(384, np.float32))) < 384 * 4 + 32


def test_times_are_utc_and_end_in_z():
    assert unpack(pack(datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC))) == "2026-01-02T03:04:05.678Z"


def test_ids_travel_as_text():
    text = "550e8400-e29b-41d4-a716-446655440000"
    assert unpack(pack(UUID(text))) == text


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x81", b"\x01\x02", b"\xc7\x00\x01", b"\xc7\x03\x01\x09ab"])
def test_garbage_is_a_value_error(data):
    with pytest.raises(ValueError):
        unpack(data)


def test_objects_do_not_travel():
    with pytest.raises(TypeError):
        pack(object())
