"""Names of strangers are safe to show and to put into a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_gateway.filenames import clean_filename, content_disposition


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("hero.jpg", "hero.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\hero.jpg", "hero.jpg"),
        ("Grüße aus Köln.jpg", "Grüße aus Köln.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie: x.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("", "upload.png"),
        ("..", "upload.png"),
        ("dir/", "upload.png"),
    ],
)
def test_only_the_readable_last_part_is_kept(sent, kept):
    assert clean_filename(sent, "png") == kept


def test_long_names_keep_their_ending():
    name = clean_filename("x" * 400 + ".jpeg", "jpg")
    assert len(name) == 255
    assert name.endswith(".jpeg")


@given(st.text(max_size=300))
def test_any_name_makes_a_header_of_visible_ascii(name):
    cleaned = clean_filename(name, "jpg")
    assert 1 <= len(cleaned) <= 255
    header = content_disposition(cleaned)
    assert all(32 <= ord(c) < 127 for c in header)
    assert header.count('"') == 2
