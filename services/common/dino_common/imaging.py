"""Reading pictures that strangers send: what a file is, and its pixels as upright RGB.

Every part that touches a picture goes through here, so that one file has the same size, orientation and
colours everywhere. Accepted are JPEG (also the multi-picture kind of phones), PNG and WEBP with one frame,
in any colour mode: grey, palette, alpha, 16 bits a channel, CMYK. Pillow is imported inside the functions,
so that a process that never opens a picture need not have it.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from dino_common.errors import FileTooLarge, InvalidFileFormat
from dino_common.picture_structure import check_structure

if TYPE_CHECKING:
    from PIL.Image import Image

ImageSource = bytes | bytearray | memoryview | str | Path

CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# Pillow calls a JPEG with further JPEGs behind it (burst, depth map) "MPO": the first one is the picture.
_PILLOW_FORMATS = ("JPEG", "PNG", "WEBP")
_ORIENTATION_TAG = 0x0112
_WIDE_GREY = ("I", "I;16", "I;16B", "I;16L")


@dataclass(frozen=True)
class ImageLimits:
    """What a picture may cost.

    ``max_pixels`` bounds width × height and is checked from the header, before any pixel is decoded.
    """

    max_pixels: int = 100_000_000


@dataclass(frozen=True)
class ImageFacts:
    """What a verified picture is: ``width`` and ``height`` are those of the upright picture, in pixels."""

    format: str
    width: int
    height: int
    frames: int
    mode: str
    content_type: str
    extension: str


def probe_image(source: ImageSource, limits: ImageLimits | None = None) -> ImageFacts:
    """Verify a whole picture and say what it is.

    The header is checked against the limits first; then every byte of the image data is decoded (JPEG at an
    eighth of its size, which reads all of the entropy-coded data at a fraction of the cost), so that a
    truncated or damaged file is found here and not by a later reader.

    Raises InvalidFileFormat (not a picture, not an accepted format, animated, truncated, damaged, or in
    more pieces than an encoder makes) and FileTooLarge (more pixels than allowed).
    """
    check_structure(source)
    with _open(source, limits or ImageLimits()) as image:
        facts = _facts(image)
        if facts.format == "JPEG":
            image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
        _load(image, source)
        return facts


def decode_rgb(source: ImageSource, limits: ImageLimits | None = None, *, at_least: int | None = None) -> np.ndarray:
    """Decode a picture to upright 8-bit RGB.

    Returns uint8 (height, width, 3), C-contiguous. EXIF orientation is applied, alpha is composited on
    white, 16-bit samples are scaled to 8 bits, CMYK goes through its own ICC profile when it has a readable
    one and by the plain complement otherwise. With ``at_least`` a JPEG may come back at 1/2, 1/4 or 1/8 of
    its size, as long as both sides keep that many pixels: far cheaper when only a small picture is needed,
    but not equal to a full decode.

    Raises InvalidFileFormat and FileTooLarge as ``probe_image`` does.
    """
    with _open(source, limits or ImageLimits()) as image:
        if at_least is not None and image.format in ("JPEG", "MPO"):
            image.draft(None, (at_least, at_least))
        _load(image, source)
        return upright_rgb(image)


def upright_rgb(image: Image) -> np.ndarray:
    """Turn an opened Pillow picture into upright RGB: uint8 (height, width, 3), C-contiguous."""
    return np.ascontiguousarray(orient(_rgb(image), orientation_of(image)))


def orientation_of(image: Image) -> int:
    """Read the EXIF orientation, 1–8; 1 (upright) when there is none or the block is unreadable."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except (ValueError, TypeError, KeyError, OSError, SyntaxError, struct.error):
        return 1  # Cameras write broken EXIF; the pixels are still good.
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def orient(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Apply an EXIF orientation (1–8, TIFF 6.0 tag 274) to (height, width, …) pixels; a view, nothing is
    copied."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _open(source: ImageSource, limits: ImageLimits) -> Image:
    from PIL import Image as pil

    # Pillow's own bomb guard is process-wide and lower than a limit that an operator may set; ours comes
    # right below.
    if pil.MAX_IMAGE_PIXELS is not None and limits.max_pixels > pil.MAX_IMAGE_PIXELS:
        pil.MAX_IMAGE_PIXELS = limits.max_pixels
    raw: Any = io.BytesIO(source) if isinstance(source, bytes | bytearray | memoryview) else source
    try:
        image = pil.open(raw, formats=_PILLOW_FORMATS)
    except pil.DecompressionBombError as error:
        raise FileTooLarge(f"the picture has more than the {limits.max_pixels} pixels allowed") from error
    except pil.UnidentifiedImageError as error:
        raise InvalidFileFormat(_unknown(source)) from error
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise InvalidFileFormat(f"the picture's header is damaged: {error}") from error
    try:
        _check_header(image, limits)
    except BaseException:
        image.close()
        raise
    return image


def _check_header(image: Image, limits: ImageLimits) -> None:
    pixels = image.width * image.height
    if pixels > limits.max_pixels:
        raise FileTooLarge(
            f"the picture is {image.width}×{image.height} = {pixels} pixels; the limit is {limits.max_pixels}"
        )
    frames = _frames(image)
    if frames > 1:
        raise InvalidFileFormat(f"the picture is animated ({frames} frames); send one frame, or a video")


def _frames(image: Image) -> int:
    return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))


def _facts(image: Image) -> ImageFacts:
    name = "JPEG" if image.format == "MPO" else str(image.format)
    width, height = image.size
    if orientation_of(image) >= 5:
        width, height = height, width
    return ImageFacts(name, width, height, _frames(image), image.mode, CONTENT_TYPES[name], EXTENSIONS[name])


def _load(image: Image, source: ImageSource) -> None:
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error) as error:
        raise InvalidFileFormat(f"the picture is truncated or damaged: {error}") from error
    if image.format == "PNG" and not _png_is_whole(source):
        # Pillow returns the rows that it could read; a file cut short is not the picture that was sent.
        raise InvalidFileFormat("the picture is truncated: the PNG has no end marker")


def _png_is_whole(source: ImageSource) -> bool:
    """Walk the chunks (length, type, data, CRC: PNG specification, 5.3) up to IEND."""
    with _opened(source) as file:
        size = file.seek(0, io.SEEK_END)
        at = 8
        while at + 12 <= size:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind == b"IEND":
                return True
            at += 12 + length
    return False


def _opened(source: ImageSource) -> BinaryIO:
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    return Path(source).open("rb")


def _unknown(source: ImageSource) -> str:
    with _opened(source) as file:
        head = file.read(16)
    if not head:
        return "the file is empty"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF is not accepted; send a JPEG, PNG or WEBP picture"
    return "not a JPEG, PNG or WEBP picture"


def _rgb(image: Image) -> np.ndarray:
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode in _WIDE_GREY:
        return _wide_grey(image)
    if image.mode == "CMYK":
        return np.asarray(_from_cmyk(image))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _on_white(image)
    return np.asarray(image.convert("RGB"))


def _wide_grey(image: Image) -> np.ndarray:
    """Scale 16-bit grey to 8 bits (÷ 257, rounded): Pillow's own conversion would clip at 255."""
    wide = np.asarray(image).astype(np.uint32)
    grey = ((np.minimum(wide, 65535) * 255 + 32767) // 65535).astype(np.uint8)
    key = image.info.get("transparency")
    if isinstance(key, int):
        grey[wide == key] = 255
    return np.repeat(grey[:, :, None], 3, axis=2)


def _on_white(image: Image) -> np.ndarray:
    from PIL import Image as pil

    layered = image.convert("RGBA")
    ground = pil.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(pil.alpha_composite(ground, layered).convert("RGB"))


def _from_cmyk(image: Image) -> Image:
    profile = image.info.get("icc_profile")
    if not profile:
        return image.convert("RGB")
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile for other inks, or a broken one: the complement is all there is.
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")
