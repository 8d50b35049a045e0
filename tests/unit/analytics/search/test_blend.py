"""One score of several sources."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_analytics.core.search.blend import Curve, joined, word_relevance
from dino_analytics.search.asked import DEEPEST, index_filters, read_cursor, write_cursor
from dino_common.contracts.search_filters import SearchFilters
from dino_common.errors import InvalidRequest

UNIT = st.floats(0, 1)
ID = "00000000-0000-4000-8000-00000000000"


@given(st.lists(UNIT, max_size=4), UNIT)
def test_more_evidence_never_lowers_the_score(relevances, more):
    assert 0 <= joined(relevances) <= joined([*relevances, more]) + 1e-12 <= 1 + 1e-9


def test_score_of_one_source_is_its_relevance():
    assert joined([]) == 0
    assert joined([0.3]) == pytest.approx(0.3)
    assert joined([0.5, 0.5]) == pytest.approx(0.75)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_relevance_grows_with_the_cosine(one, other):
    curve = Curve(0.3, 0.05)
    low, high = sorted((one, other))
    assert 0 <= curve(low) <= curve(high) <= 1


def test_curve_is_half_at_its_midpoint_and_never_overflows():
    assert Curve(0.3, 0.05)(0.3) == 0.5
    assert Curve(0.3, 1e-6)(-1) == pytest.approx(0)


def test_words_count_by_the_square_of_their_share():
    assert word_relevance(0, 0) == word_relevance(0, 3) == 0
    assert word_relevance(2, 2) == pytest.approx(0.9)
    assert word_relevance(1, 2) == pytest.approx(0.225)


def test_filters_become_conditions_of_the_index():
    asked = SearchFilters.model_validate(
        {
            "metadata": {"a": 1, "b": {"equals": True, "exists": True}, "c": {"gte": 1, "lt": 2, "none_of": ["x"]}},
            "uploaded_after": datetime(2026, 1, 1, tzinfo=UTC),
        }
    )
    made = index_filters(asked, exclude=[ID + "1"])
    assert made.metadata == {"a": 1}
    first, second = made.conditions
    assert (first.key, first.any_of, first.exists) == ("b", (True,), True)
    assert (second.at_least, second.below, second.none_of) == (1, 2, ("x",))
    assert made.uploaded_after == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert made.exclude_ids == (ID + "1",)


def test_ids_of_request_and_filters_must_both_allow_an_asset():
    asked = SearchFilters(asset_ids=[ID + "1", ID + "2"])
    assert index_filters(asked, only=[ID + "2", ID + "3"]).asset_ids == (ID + "2",)
    assert index_filters(asked, only=[ID + "3"]).asset_ids == ("none",)
    assert index_filters(SearchFilters()).asset_ids == ()


def test_contradicting_values_match_nothing():
    asked = SearchFilters.model_validate({"metadata": {"a": {"equals": 1, "any_of": ["1", True]}}})
    assert index_filters(asked).conditions[0].any_of == ()


def test_cursor_comes_back_as_it_was_written():
    assert read_cursor(write_cursor(70)) == 70
    assert read_cursor(None) == 0
    for bad in ("x", "", write_cursor(-1), write_cursor(DEEPEST), "e30"):
        with pytest.raises(InvalidRequest):
            read_cursor(bad)
