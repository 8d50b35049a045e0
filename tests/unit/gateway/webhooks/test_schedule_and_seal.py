"""When deliveries are tried again, and how secrets are kept."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_common.errors import InvalidRequest, ServiceUnavailable
from dino_gateway.webhooks.schedule import LONGEST, delay
from dino_gateway.webhooks.sealing import Seal
from dino_gateway.webhooks.signing import make_secret

KEY, OTHER = "k" * 32, "o" * 40


@given(st.integers(1, 60), st.floats(0.01, 3600), st.randoms(use_true_random=False))
def test_waits_grow_up_to_six_hours_and_are_scattered(attempts, first, rng: random.Random):
    seconds = delay(attempts, first, rng=rng)
    grown = min(LONGEST, first * 3.0 ** min(attempts - 1, 30))
    assert 0.5 * grown <= seconds <= 1.5 * grown


def test_ten_attempts_from_five_seconds_span_most_of_a_day():
    rng = random.Random(1)
    total = sum(delay(attempts, 5.0, rng=rng) for attempts in range(1, 10))
    assert 4 * 3600 < total < 24 * 3600


def test_a_receiver_may_ask_for_more_time_and_not_for_less():
    assert delay(1, 5.0, asked=600) == 600
    assert delay(5, 5.0, asked=0) >= 200


def test_a_sealed_secret_opens_for_its_webhook_alone():
    seal, secret = Seal(KEY), make_secret()
    kept = seal.close(secret, "a")
    assert secret.removeprefix("whsec_") not in kept
    assert seal.close(secret, "a") != kept
    assert seal.open(kept, "a") == secret
    with pytest.raises(ServiceUnavailable):
        seal.open(kept, "b")


def test_keys_are_changed_by_putting_the_new_one_first():
    secret = make_secret()
    kept = Seal(KEY).close(secret, "a")
    both = Seal(f"{OTHER}, {KEY}")
    assert both.open(kept, "a") == secret
    assert Seal(OTHER).open(both.close(secret, "a"), "a") == secret
    with pytest.raises(ServiceUnavailable, match="does not open"):
        Seal(OTHER).open(kept, "a")


def test_without_a_key_secrets_are_kept_as_they_are_and_still_read_once_there_is_one():
    secret = make_secret()
    plain = Seal("")
    assert not plain.seals
    kept = plain.close(secret, "a")
    assert kept == f"plain:{secret}"
    assert Seal(KEY).open(kept, "a") == secret


def test_a_key_that_is_too_short_stops_the_start():
    with pytest.raises(InvalidRequest, match="32 characters"):
        Seal("short")
