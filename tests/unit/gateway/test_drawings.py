"""A client that asks for PNG gets the drawing of an answer alone; everyone else gets JSON."""

from __future__ import annotations

import dataclasses

import pytest

from dino_common.contracts import OPERATIONS
from dino_common.contracts.drawing import Drawing
from dino_gateway.answers import drawn_answer, wants_drawing

DRAWN = dataclasses.replace(OPERATIONS["find-similar"], drawing="overlay")


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, False),
        ("*/*", False),
        ("application/json", False),
        ("image/png", True),
        ("image/*", True),
        ("image/png, application/json", False),
        ("image/png, application/json;q=0.5", True),
        ("image/png;q=0", False),
        ("image/png;q=loud", False),
    ],
)
def test_accept_decides(accept: str | None, wanted: bool):
    assert wants_drawing(DRAWN, accept) is wanted
    assert not wants_drawing(OPERATIONS["find-similar"], accept)


def test_drawing_leaves_as_the_bytes_that_were_drawn():
    value = {"overlay": Drawing.of(b"\x89PNG...", 3, 2).model_dump()}
    answer = drawn_answer(DRAWN, value, 200, {"X-Job-ID": "7"})
    assert answer is not None
    assert (answer.body, answer.media_type, answer.headers["x-job-id"]) == (b"\x89PNG...", "image/png", "7")


def test_answer_without_a_drawing_stays_json():
    assert drawn_answer(DRAWN, {"overlay": None}, 200) is None
    assert drawn_answer(DRAWN, None, 200) is None
