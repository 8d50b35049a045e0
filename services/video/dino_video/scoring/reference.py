"""The picture that a film was made from, as the model is shown frames."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.errors import InvalidFileFormat
from dino_common.imaging import ImageLimits, decode_rgb
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.objects import Objects
from dino_video.stretch.look import SIDE


async def reference_asset(assets: AssetStore, asset_id: str) -> AssetRecord:
    """Return the asset of a picture.

    Raises:
        AssetNotFound: no live asset has this id.
        InvalidFileFormat: it is a film.
    """
    record = await assets.get(asset_id)
    if record.kind != "image":
        raise InvalidFileFormat(
            f"Asset {asset_id} is a film, not a picture", details="Name the asset of an uploaded picture."
        )
    return record


async def reference_pixels(record: AssetRecord, objects: Objects, settings: Settings) -> NDArray[np.uint8]:
    """Return the picture squeezed to a square as frames are: uint8 (1, 320, 320, 3).

    Raises:
        InvalidFileFormat, FileTooLarge: it cannot be read.
    """
    data = await objects.get_bytes(record.object_key, settings.max_picture_bytes)
    limits = ImageLimits(max_pixels=settings.max_pixels)

    def squeezed() -> NDArray[np.uint8]:
        pixels = decode_rgb(data, limits, at_least=SIDE)
        shrinks = min(pixels.shape[:2]) >= SIDE
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=how), np.uint8)[None]

    return await asyncio.to_thread(squeezed)
