from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_common.errors import InvalidRequest
from dino_common.stores.cursors import older_than, read_cursor, write_cursor
from dino_common.stores.mongo import to_milliseconds

_MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)).map(to_milliseconds)


@given(_MOMENTS, st.text(max_size=64))
def test_cursor_reads_back(moment: datetime, document_id: str) -> None:
    assert read_cursor(write_cursor(moment, document_id)) == (moment, document_id)


def test_cursor_of_an_asset_fits_the_request_field() -> None:
    assert len(write_cursor(datetime.now(UTC), "f" * 64)) <= 256


@given(st.text(max_size=64))
def test_any_other_text_is_an_invalid_request_or_a_cursor(text: str) -> None:
    try:
        moment, document_id = read_cursor(text)
    except InvalidRequest:
        return
    assert isinstance(document_id, str)
    assert moment.tzinfo is not None


@pytest.mark.parametrize("text", ["", "A", "gA", "k8DA", write_cursor(datetime(2026, 1, 2, tzinfo=UTC), "x") + "!"])
def test_damaged_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_cursor(text)


def test_first_page_has_no_condition_and_later_ones_break_ties_by_id() -> None:
    moment = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(milliseconds=7)
    assert older_than(None, "at") == {}
    assert older_than(write_cursor(moment, "m"), "at") == {
        "$or": [{"at": {"$lt": moment}}, {"at": moment, "_id": {"$lt": "m"}}]
    }
