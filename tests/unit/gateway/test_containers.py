"""Films are taken when what finds their pictures is there; pictures may be missing at the end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_common.errors import InvalidFileFormat
from dino_gateway.containers import check_container
from dino_gateway.sniff import JPEG, MKV, MP4, WEBM


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


FILM = box(b"ftyp", b"isom\0\0\2\0") + box(b"moov", b"m" * 40) + box(b"mdat", b"d" * 100)


def matroska(body: bytes, length: bytes) -> bytes:
    head = b"\x42\x82\x84webm"
    return b"\x1a\x45\xdf\xa3" + bytes((0x80 | len(head),)) + head + b"\x18\x53\x80\x67" + length + body


def test_whole_films_pass(tmp_path):
    check_container(MP4, FILM)
    large = box(b"ftyp", b"isom\0\0\2\0") + b"\0\0\0\1mdat" + (16 + 5).to_bytes(8, "big") + b"dddd." + box(b"moov", b"")
    check_container(MP4, large)
    check_container(WEBM, matroska(b"x" * 10, b"\x8a"))
    check_container(MKV, matroska(b"x" * 10, b"\x01\xff\xff\xff\xff\xff\xff\xff"))
    file = tmp_path / "film"
    file.write_bytes(FILM)
    check_container(MP4, file)


def test_pictures_are_not_looked_at():
    check_container(JPEG, b"anything")


@pytest.mark.parametrize("cut", [3, 20, len(FILM) - 120])
def test_a_film_cut_short_before_its_pictures_is_refused(cut):
    with pytest.raises(InvalidFileFormat):
        check_container(MP4, FILM[:cut])


def test_a_film_without_an_index_is_refused():
    with pytest.raises(InvalidFileFormat, match="moov"):
        check_container(MP4, box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", b"d" * 100))


def test_a_film_whose_last_pictures_are_missing_is_taken():
    check_container(MP4, FILM[:-1])
    check_container(MP4, FILM + box(b"moof", b"f" * 50)[:-7])
    check_container(WEBM, matroska(b"x" * 9, b"\x8a"))


def test_a_film_cut_short_before_its_index_is_refused():
    turned = box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", b"d" * 100) + box(b"moov", b"m" * 40)
    for cut in (60, len(turned) - 1):
        with pytest.raises(InvalidFileFormat, match="truncated"):
            check_container(MP4, turned[:cut])


def test_a_matroska_file_without_content_is_refused():
    for data in (matroska(b"", b"\x8a"), matroska(b"x", b"\x80")):
        with pytest.raises(InvalidFileFormat, match="truncated"):
            check_container(WEBM, data)


def test_a_film_of_millions_of_pieces_is_refused_at_once():
    began = time.process_time()
    with pytest.raises(InvalidFileFormat, match="elements"):
        check_container(WEBM, b"\xec\x80" * 10_000_000)
    with pytest.raises(InvalidFileFormat, match="pieces"):
        check_container(MP4, box(b"moov", b"") + box(b"free", b"") * 1_000_000)
    assert time.process_time() - began < 2.0


@given(st.binary(max_size=200))
def test_no_bytes_break_the_walk(data):
    for media in (MP4, WEBM):
        try:
            check_container(media, data)
        except InvalidFileFormat:
            continue
