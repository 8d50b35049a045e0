"""Handler of get-asset-thumbnail."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from dino_analytics.pictures import Pictures
from dino_common.bus.context import Context
from dino_common.contracts.assets import ThumbnailRequest
from dino_common.stores.assets import AssetStore
from dino_common.stores.cache import Cache

_QUALITY = 85
_TTL_SECONDS = 21_600


class ThumbnailHandlers:
    """Small JPEGs, kept in the cache for six hours by content and size."""

    def __init__(self, assets: AssetStore, pictures: Pictures, cache: Cache) -> None:
        """Read pictures from here."""
        self._assets, self._pictures, self._cache = assets, pictures, cache

    async def thumbnail(self, context: Context, request: ThumbnailRequest) -> dict[str, Any]:
        """Answer ``GET /assets/{asset_id}/thumbnail``."""
        record = await self._assets.get(request.asset_id)
        key = f"thumbnail:{record.sha256}:{request.size}"
        jpeg = await self._cache.get_blob(key)
        if jpeg is None:
            jpeg = await self._pictures.work(record, lambda pixels: draw(pixels, request.size), at_least=request.size)
            await self._cache.put_blob(key, jpeg, _TTL_SECONDS)
        return {"content": jpeg, "media_type": "image/jpeg", "etag": f"{record.sha256}-{request.size}"}


def draw(pixels: np.ndarray, size: int) -> bytes:
    """Shrink uint8 RGB (h, w, 3) so that its longer side has at most ``size`` pixels; return JPEG bytes."""
    height, width = pixels.shape[:2]
    scale = min(1.0, size / max(height, width))
    if scale < 1.0:
        target = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, target, interpolation=cv2.INTER_AREA)
    ok, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not ok:
        raise ValueError("the thumbnail could not be encoded")
    return encoded.tobytes()
