"""Small pictures for drawings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import cv2
import numpy as np

from dino_analytics.pictures import Pictures
from dino_common.errors import DinoError
from dino_common.stores.assets import AssetRecord


async def thumbs(pictures: Pictures, records: Mapping[str, AssetRecord], side: int) -> dict[str, np.ndarray]:
    """Return each picture, uint8 (h, w, 3) with a longer side of ``side`` pixels; one that cannot be read is left out.

    Raises:
        DinoError: the object store is down.
    """

    async def one(record: AssetRecord) -> np.ndarray | None:
        try:
            return await pictures.work(record, lambda pixels: _small(pixels, side), at_least=side)
        except DinoError as error:
            if error.passing:
                raise
            return None

    found = await asyncio.gather(*(one(record) for record in records.values()))
    return {asset_id: small for asset_id, small in zip(records, found, strict=True) if small is not None}


def _small(pixels: np.ndarray, side: int) -> np.ndarray:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
