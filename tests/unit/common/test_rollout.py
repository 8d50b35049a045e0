"""The rollout says only what fits together, and is read also when it is of a later release."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dino_common.bus.live_value import LiveValue
from dino_common.contracts.rollout import Rollout

A, B, C = "a" * 8, "b" * 8, "c" * 8


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"serving": A, "candidate": B}, "needs a phase"),
        ({"serving": A, "phase": "dark"}, "needs a candidate"),
        ({"serving": A, "candidate": A, "phase": "dark"}, "different versions"),
        ({"serving": A, "previous": A}, "different versions"),
        ({"serving": A, "candidate": B, "phase": "dark", "previous": B}, "different versions"),
        ({"serving": A, "candidate": B, "phase": "reembed", "mirror_percent": 5}, "only a candidate in phase canary"),
        ({"serving": A, "candidate": B, "phase": "canary", "mirror_percent": 101}, "less than or equal to 100"),
        ({"serving": A, "retired": [""]}, "named by its model version"),
        ({"serving": "A model"}, "should match pattern"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, words):
    with pytest.raises(ValidationError, match=words):
        Rollout.model_validate(fields)


def test_rollout_of_a_later_release_is_read():
    text = '{"serving": "aaaaaaaa", "candidate": "bbbbbbbb", "phase": "canary", "mirror_percent": 5, "shadow": 1}'
    assert Rollout.model_validate_json(text).keys == (A, B)


@pytest.fixture
def live() -> LiveValue[Rollout | None]:
    return LiveValue("rollout", Rollout, None)


def stored(serving: str) -> bytes:
    return Rollout(serving=serving).model_dump_json().encode()


def test_callbacks_run_once_for_each_other_value(live):
    told: list[str] = []
    live.on_change(lambda rollout: told.append(rollout.serving))
    assert live.accept(stored(A), 1)
    assert live.accept(stored(A), 2)
    assert live.accept(stored(B), 3)
    assert not live.accept(stored(C), 3)
    assert not live.accept(stored(C), 2)
    assert told == [A, B]


def test_callback_that_fails_keeps_neither_the_value_nor_the_others_back(live):
    told: list[str] = []

    def fail(_: Rollout | None) -> None:
        raise RuntimeError("a fault of one listener")

    live.on_change(fail)
    live.on_change(lambda rollout: told.append(rollout.serving))
    assert live.accept(stored(A), 1)
    assert (live.value.serving, told) == (A, [A])


def test_value_that_cannot_be_read_leaves_the_one_before_in_force(live):
    live.accept(stored(A), 1)
    assert not live.accept(b"not json", 2)
    assert (live.value.serving, live.revision) == (A, 1)
    assert live.accept(stored(B), 3)


def test_older_revision_is_believed_only_when_it_is_seen_again(live):
    """A server that lags behind answers with an old one; a bucket that was made anew goes on doing so."""
    live.accept(stored(B), 7)
    live.polled(stored(A), 1, seen=7)
    assert live.value.serving == B
    live.polled(stored(A), 1, seen=7)
    assert (live.value.serving, live.revision) == (A, 1)


def test_look_that_was_overtaken_counts_for_nothing(live):
    live.accept(stored(B), 7)
    for _ in range(5):
        live.polled(stored(A), 6, seen=6)
    assert live.value.serving == B
