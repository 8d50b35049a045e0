import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dino_analytics.look.discovering import run_lengths


@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_runs_give_the_mask_back(mask: np.ndarray):
    counts = run_lengths(mask)
    values = np.arange(len(counts)) % 2 == 1
    assert np.array_equal(np.repeat(values, counts).reshape(mask.shape, order="F"), mask)
    assert all(length > 0 for length in counts[1:])


@pytest.mark.parametrize(
    ("mask", "counts"), [([[True, True]], [0, 2]), ([[False, False]], [2]), ([[False, True]], [1, 1])]
)
def test_the_first_run_is_of_zeros(mask, counts):
    assert run_lengths(np.array(mask)) == counts
