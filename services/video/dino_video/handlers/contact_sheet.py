"""Handler of video-contact-sheet."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import cv2
import numpy as np

from dino_common.bus.context import Context
from dino_common.contracts.shots import ContactSheetRequest
from dino_common.errors import AssetNotFound, NotFound
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.objects import Objects
from dino_video.analysis.film import film_asset
from dino_video.analysis.stills import smaller
from dino_video.core.contact_sheet import Cell, contact_sheet

_PAGE = 200
_READ_AT_ONCE = 8
_LARGEST = 64 * 1024 * 1024


class ContactSheetHandler:
    """Draws sheets from the keyframes that an analysis has stored."""

    def __init__(self, assets: AssetStore, objects: Objects) -> None:
        """Read from these stores."""
        self._assets, self._objects = assets, objects

    async def draw(self, context: Context, request: ContactSheetRequest) -> dict[str, Any]:
        """Answer ``GET /videos/{asset_id}/contact-sheet``.

        Raises:
            AssetNotFound, InvalidFileFormat: there is no such film.
            NotFound: it has no keyframes, or none from this shot on.
        """
        film = await film_asset(self._assets, request.asset_id)
        frames = await self._keyframes(film.asset_id)
        if not frames:
            raise NotFound(
                f"Film {film.asset_id} has no keyframes",
                details="Run POST /api/v1/analyze-video-shots with extract_keyframes first.",
            )
        chosen = [frames[shot] for shot in sorted(frames) if shot >= request.first][: request.count]
        if not chosen:
            raise NotFound(f"Film {film.asset_id} has no shot {request.first}", details=f"It has {len(frames)}.")
        reading = asyncio.Semaphore(_READ_AT_ONCE)

        async def read(record: AssetRecord) -> bytes:
            async with reading:
                return await self._objects.get_bytes(record.object_key, _LARGEST)

        files = await asyncio.gather(*(read(record) for record in chosen))
        title = f"{film.filename}   shots {_shot(chosen[0])} to {_shot(chosen[-1])} of {max(frames)}"
        png = await asyncio.to_thread(_drawn, chosen, files, title, request)
        return {"content": png, "media_type": "image/png", "etag": hashlib.sha256(png).hexdigest()[:32]}

    async def _keyframes(self, film_id: str) -> dict[int, AssetRecord]:
        """Return the first keyframe of each shot, by the shot's number."""
        found: dict[int, AssetRecord] = {}
        cursor: str | None = None
        while True:
            records, cursor = await self._assets.list(_PAGE, cursor, kind="image", derived_from=film_id)
            for record in records:
                number = record.metadata.get("shot")
                if not isinstance(number, int):
                    continue
                known = found.get(number)
                if known is None or record.metadata.get("time", 0) < known.metadata.get("time", 0):
                    found[number] = record
            if cursor is None:
                return found


def _shot(record: AssetRecord) -> int:
    return int(record.metadata["shot"])


def _drawn(records: list[AssetRecord], files: list[bytes], title: str, request: ContactSheetRequest) -> bytes:
    cells = []
    for record, data in zip(records, files, strict=True):
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if picture is None:
            raise AssetNotFound(f"Keyframe {record.asset_id} cannot be read")
        # No larger than it is drawn: hundreds of them wait here.
        shape = picture.shape
        side = round(request.width * max(shape[:2]) / shape[1])
        (drawn,) = smaller([np.asarray(picture, np.uint8)], side)
        seconds = record.metadata.get("shot_seconds")
        length = "" if seconds is None else f"{seconds:.1f} s"
        cells.append(Cell(drawn, f"{_shot(record)}  {record.metadata['shot_timecode']}", length))
    sheet = contact_sheet(cells, title, columns=request.columns, width=request.width)
    _, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return png.tobytes()
