"""The pixels that reach the model are those of its own processor."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from tests.unit.inference.pictures import PHOTOGRAPHS, encode, photograph, png
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

from dino_common.errors import FileTooLarge, InvalidFileFormat
from dino_common.imaging import ImageLimits, decode_rgb
from dino_inference.core.card import ImageSpec
from dino_inference.core.preprocess import fit, preprocess

LIMITS = ImageLimits()
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SPECS = {
    "crop": ImageSpec(shortest_edge=256, crop_height=224, crop_width=224, resample=3, mean=MEAN, std=STD),
    "squash": ImageSpec(height=224, width=224, resample=2, mean=MEAN, std=STD),
    "sat": ImageSpec(height=256, width=256, resample=2, mean=(0.430, 0.411, 0.296), std=(0.213, 0.156, 0.143)),
    # Smaller than its crop: the processor pads with black.
    "padded": ImageSpec(shortest_edge=100, crop_height=141, crop_width=120, resample=3, mean=MEAN, std=STD),
}


def processor_of(spec: ImageSpec) -> BitImageProcessorPil:
    square = {"height": spec.height, "width": spec.width}
    return BitImageProcessorPil(
        size={"shortest_edge": spec.shortest_edge} if spec.shortest_edge else square,
        do_center_crop=spec.crop_height is not None,
        crop_size={"height": spec.crop_height or 1, "width": spec.crop_width or 1},
        resample=spec.resample,
        image_mean=list(spec.mean),
        image_std=list(spec.std),
    )


def normalised(pixels: np.ndarray, spec: ImageSpec) -> np.ndarray:
    scaled = pixels.astype(np.float64) * spec.rescale_factor
    return ((scaled - spec.mean) / spec.std).transpose(2, 0, 1)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_equals_the_processor_of_transformers(name: str, kind: str, spec: ImageSpec) -> None:
    data = encode(photograph(name), kind)
    expected = processor_of(spec)(Image.open(io.BytesIO(data)), return_tensors="np")["pixel_values"][0]
    found = normalised(preprocess(data, spec, LIMITS), spec)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-3


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [30, 75, 95])
def test_the_fast_jpeg_path_gives_the_pixels_of_the_careful_one(subsampling: int, quality: int) -> None:
    spec = SPECS["squash"]
    data = encode(photograph("chelsea"), quality=quality, subsampling=subsampling)
    assert np.array_equal(preprocess(data, spec, LIMITS), fit(decode_rgb(data), spec))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_camera_gives_an_upright_picture(orientation: int) -> None:
    upright = photograph("astronaut").crop((0, 0, 320, 200))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    spec = SPECS["squash"]
    found = preprocess(encode(stored, quality=98, subsampling=0, exif=exif), spec, LIMITS)
    expected = fit(np.asarray(upright), spec)
    assert np.abs(found.astype(int) - expected).mean() < 2.0


def test_greyscale_and_cmyk_jpegs_take_the_careful_path() -> None:
    picture = photograph("coffee")
    spec = SPECS["squash"]
    grey = preprocess(encode(picture.convert("L")), spec, LIMITS)
    assert np.array_equal(grey[..., 0], grey[..., 2])
    ink = preprocess(encode(picture.convert("CMYK"), quality=98, subsampling=0), spec, LIMITS)
    assert np.abs(ink.astype(int) - fit(np.asarray(picture), spec)).mean() < 2.0


def test_a_truncated_jpeg_is_refused() -> None:
    data = encode(photograph("rocket"))
    with pytest.raises(InvalidFileFormat, match="truncated"):
        preprocess(data[: len(data) // 2], SPECS["crop"], LIMITS)


def test_a_jpeg_over_the_pixel_limit_is_refused() -> None:
    with pytest.raises(FileTooLarge):
        preprocess(encode(photograph("rocket")), SPECS["crop"], ImageLimits(max_pixels=10_000))


def test_a_png_bomb_is_refused_from_its_header() -> None:
    with pytest.raises(FileTooLarge):
        preprocess(png(20_000, 20_000, b"\0" * 64), SPECS["crop"], LIMITS)
