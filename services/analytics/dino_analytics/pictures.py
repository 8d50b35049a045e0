"""Pixels of assets, decoded with limits in worker threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from dino_common.errors import InvalidFileFormat
from dino_common.imaging import ImageLimits, decode_rgb
from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord
from dino_common.stores.objects import Objects

T = TypeVar("T")


class Pictures:
    """Reads pictures from the object store; as many at once as there are cores."""

    def __init__(self, settings: Settings, objects: Objects) -> None:
        """Use this store."""
        self._objects = objects
        self._limits = ImageLimits(max_pixels=settings.max_pixels)
        self._bytes = settings.max_picture_bytes
        threads = settings.decode_threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
        self._slots = asyncio.Semaphore(threads * 2)  # bounds the bytes held in memory

    async def work(self, record: AssetRecord, function: Callable[[np.ndarray], T], *, at_least: int | None = None) -> T:
        """Decode a picture and return what the function makes of it, both in one worker thread.

        Pixels never leave the thread: however many requests wait, no more pictures are in memory than threads.

        Args:
            record: the asset.
            function: of uint8 (height, width, 3), upright.
            at_least: JPEG may be scaled down to no less than so many pixels a side.

        Raises:
            InvalidFileFormat: the asset is a film.
        """
        if record.kind != "image":
            raise InvalidFileFormat(f"Asset {record.asset_id} is a film, not a picture")
        async with self._slots:
            data = await self._objects.get_bytes(record.object_key, self._bytes)

            def decode_and_work() -> T:
                return function(decode_rgb(data, self._limits, at_least=at_least))

            return await asyncio.get_running_loop().run_in_executor(self._pool, decode_and_work)

    async def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
