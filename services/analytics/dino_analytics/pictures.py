"""Pixels of assets, decoded with limits in worker threads."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from dino_common.stores.assets import AssetRecord
from dino_common.stores.objects import Objects

from dino_common.errors import InvalidFileFormat
from dino_common.imaging import ImageLimits, decode_rgb
from dino_common.settings import Settings


class Pictures:
    """Reads pictures from the object store; as many at once as there are cores."""

    def __init__(self, settings: Settings, objects: Objects) -> None:
        """Use this store."""
        self._objects = objects
        self._limits = ImageLimits(max_pixels=settings.max_pixels)
        self._bytes = settings.max_presigned_size_mb << 20
        threads = settings.decode_threads or os.cpu_count() or 1
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
        self._slots = asyncio.Semaphore(threads * 2)  # bounds the bytes held in memory

    async def rgb(self, record: AssetRecord, *, at_least: int | None = None) -> np.ndarray:
        """Return uint8 (height, width, 3), upright; JPEG scaled down to no less than ``at_least`` pixels a side.

        Raises:
            InvalidFileFormat: the asset is a film.
        """
        if record.kind != "image":
            raise InvalidFileFormat(f"Asset {record.asset_id} is a film, not a picture")
        async with self._slots:
            data = await self._objects.get_bytes(record.object_key, self._bytes)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.pool, lambda: decode_rgb(data, self._limits, at_least=at_least))

    async def close(self) -> None:
        """End the threads."""
        self.pool.shutdown(wait=False, cancel_futures=True)
