"""A film in the object store as a file that the decoder may read from a thread."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from time import monotonic
from typing import BinaryIO, cast

from dino_common.errors import InvalidFileFormat, ServiceUnavailable
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.objects import Objects
from dino_video.core.media.reader import RangeReader

_READ_SECONDS = 60.0
_LOOK_SECONDS = 0.25


async def film_asset(assets: AssetStore, asset_id: str) -> AssetRecord:
    """Return the asset of a film.

    Raises:
        AssetNotFound: no live asset has this id.
        InvalidFileFormat: it is a picture.
    """
    record = await assets.get(asset_id)
    if record.kind != "video":
        raise InvalidFileFormat(
            f"Asset {asset_id} is a picture, not a film", details="Name the asset of an uploaded video."
        )
    return record


class Films:
    """Opens films; each file belongs to one thread."""

    def __init__(self, objects: Objects) -> None:
        """Read from this store; to be called on the event loop that it is used on."""
        self._objects = objects
        self._loop = asyncio.get_running_loop()

    def open(self, record: AssetRecord, stop: Callable[[], bool] = lambda: False) -> BinaryIO:
        """Return a seekable file of the film, in bounded memory; read it from a thread, never on the loop.

        Args:
            record: of the film.
            stop: asked while bytes are waited for; once it is true the read raises InterruptedError.
        """

        def fetch(first: int, count: int) -> bytes:
            reading = asyncio.run_coroutine_threadsafe(self._read(record.object_key, first, count), self._loop)
            began = monotonic()
            while True:
                try:
                    return reading.result(_LOOK_SECONDS)
                except TimeoutError as error:
                    if reading.done():
                        raise
                    if stop():
                        reading.cancel()
                        raise InterruptedError("nobody waits for the film any more") from error
                    if monotonic() - began > _READ_SECONDS:
                        reading.cancel()
                        raise ServiceUnavailable(
                            f"The object store sent no bytes of the film for {_READ_SECONDS:g} s", retry_after=5
                        ) from error

        return cast("BinaryIO", io.BufferedReader(RangeReader(fetch, record.file_size)))

    async def _read(self, key: str, first: int, count: int) -> bytes:
        stream = await self._objects.stream(key, (first, first + count - 1))
        return b"".join([piece async for piece in stream])
