"""Pictures for the tests, encoded in memory."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import skimage.data
from PIL import Image

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "camera", "hubble_deep_field")


def photograph(name: str) -> Image.Image:
    """Load one photograph of scikit-image as RGB."""
    return Image.fromarray(np.asarray(getattr(skimage.data, name)())).convert("RGB")


def encode(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Encode with Pillow."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    """Build a PNG by hand: ``rows`` are the filtered scan lines before compression."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
