from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_common.stores.api_keys import hash_secret, split_key
from dino_common.stores.objects import object_key


def test_secret_may_hold_underscores() -> None:
    assert split_key("dino_ab12_x_y-z_") == ("ab12", "x_y-z_")


@pytest.mark.parametrize(
    "text", ["", "dino", "dino_", "dino_a", "dino__s", "dino_a_", "other_a_s", "dino_a_" + "s" * 300]
)
def test_other_texts_are_no_keys(text: str) -> None:
    assert split_key(text) is None


@given(st.text())
def test_no_text_breaks_the_reader_or_the_hash(text: str) -> None:
    parts = split_key(text)
    assert parts is None or "dino_" + "_".join(parts) == text


def test_hash_is_sha256_in_hex() -> None:
    assert hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("ext", ["jpg", ".jpg", "JPG"])
def test_object_key_is_spread_over_256_folders(ext: str) -> None:
    assert object_key("ab" + "0" * 62, ext) == f"media/ab/ab{'0' * 62}.jpg"
