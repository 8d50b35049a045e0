"""What a stranger's file is, and its pixels as upright RGB."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.inference.pictures import encode, photograph, png

from dino_common.errors import FileTooLarge, InvalidFileFormat
from dino_common.imaging import ImageLimits, decode_rgb, probe_image

KINDS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}


@pytest.mark.parametrize("kind", KINDS)
def test_facts_come_from_the_content(kind: str) -> None:
    facts = probe_image(encode(photograph("coffee"), kind))
    assert (facts.format, facts.width, facts.height, facts.frames) == (kind, 600, 400, 1)
    assert (facts.content_type, facts.extension) == KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_and_its_bytes_give_the_same(tmp_path: Path, kind: str) -> None:
    data = encode(photograph("coffee"), kind)
    path = tmp_path / "picture"
    path.write_bytes(data)
    assert probe_image(path) == probe_image(data)
    assert np.array_equal(decode_rgb(path), decode_rgb(data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.01, 0.3, 0.7, 0.98])
def test_truncated_files_are_refused(kind: str, kept: float) -> None:
    data = encode(photograph("coffee"), kind)
    with pytest.raises(InvalidFileFormat):
        probe_image(data[: int(len(data) * kept)])


def test_a_png_without_its_end_is_refused() -> None:
    data = encode(photograph("coffee"), "PNG")
    with pytest.raises(InvalidFileFormat, match="end marker"):
        probe_image(data[:-12])


def test_bytes_behind_the_end_of_a_png_do_no_harm() -> None:
    assert probe_image(encode(photograph("coffee"), "PNG") + b"x" * 5000).width == 600


def test_a_multi_picture_jpeg_is_its_first_picture() -> None:
    first = photograph("coffee")
    data = encode(first, "MPO", save_all=True, append_images=[first.rotate(90)])
    facts = probe_image(data)
    assert (facts.format, facts.frames) == ("JPEG", 1)
    assert np.abs(decode_rgb(data).astype(int) - np.asarray(first)).mean() < 8


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    first = photograph("coffee")
    data = encode(first, kind, save_all=True, append_images=[first.rotate(90)])
    with pytest.raises(InvalidFileFormat, match="animated"):
        probe_image(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am a text named .jpg" * 10, "not a JPEG"),
        (encode(Image.new("L", (8, 8)), "GIF"), "GIF"),
        (encode(Image.new("RGB", (8, 8)), "BMP"), "not a JPEG"),
        (encode(Image.new("RGB", (8, 8)), "TIFF"), "not a JPEG"),
    ],
)
def test_other_files_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidFileFormat, match=reason):
        probe_image(data)


@pytest.mark.parametrize("side", [20_000, 11_000])
def test_bombs_are_refused_from_the_header(side: int) -> None:
    with pytest.raises(FileTooLarge):
        probe_image(png(side, side, b"\0" * 64), ImageLimits(max_pixels=100_000_000))


def test_the_size_is_that_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(photograph("coffee"), exif=exif)
    facts = probe_image(data)
    assert (facts.width, facts.height) == (400, 600)
    assert decode_rgb(data).shape == (600, 400, 3)


def test_broken_exif_means_upright() -> None:
    data = encode(photograph("coffee"), exif=b"Exif\0\0MM\0*\0\0\xff\xffgarbage")
    assert probe_image(data).width == 600


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    data = encode(Image.fromarray(np.tile(ramp, (4, 1))), "PNG")
    assert np.array_equal(decode_rgb(data)[0, :, 1], np.arange(256))


def test_sixteen_bit_colour_keeps_its_colours() -> None:
    row = b"\0" + struct.pack(">3H", 65535, 32768, 256) * 3
    pixels = decode_rgb(png(3, 2, row * 2, depth=16, colour=2))
    assert np.abs(pixels.astype(int) - (255, 128, 1)).max() <= 1


def test_cmyk_keeps_its_colours() -> None:
    picture = photograph("coffee")
    found = decode_rgb(encode(picture.convert("CMYK"), quality=98, subsampling=0))
    assert np.abs(found.astype(int) - np.asarray(picture)).mean() < 2


def test_transparent_pixels_are_white() -> None:
    picture = photograph("coffee").convert("RGBA")
    picture.putalpha(Image.fromarray(np.tile(np.array([0, 255], np.uint8), (400, 300))))
    pixels = decode_rgb(encode(picture, "PNG"))
    assert (pixels[:, 0::2] == 255).all()
    assert np.array_equal(pixels[:, 1::2], np.asarray(photograph("coffee"))[:, 1::2])


def test_palette_transparency_is_white() -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    assert decode_rgb(encode(picture, "PNG", transparency=0)).tolist() == [[[255] * 3, [200, 100, 50]]]


def test_a_scaled_decode_keeps_the_asked_pixels() -> None:
    small = decode_rgb(encode(photograph("astronaut").resize((2048, 1024))), at_least=256)
    assert small.shape == (256, 512, 3)
