"""Handler of video-contact-sheet."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.bus.context import Context
from dino_common.contracts.shots import ContactSheetRequest
from dino_common.errors import AssetNotFound, InvalidRequest, NotFound
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.objects import Objects
from dino_video.analysis.film import film_asset
from dino_video.analysis.stills import smaller
from dino_video.core.contact_sheet import Cell, contact_sheet, fitting_rows

_READ_AT_ONCE = 8
_LARGEST = 64 * 1024 * 1024
# A message on the bus holds 8 MB.
SHEET_BYTES = 7 * 1024 * 1024


class ContactSheetHandler:
    """Draws sheets from the keyframes that the newest analysis has stored."""

    def __init__(self, assets: AssetStore, objects: Objects, analyses: AnalysisStore) -> None:
        """Read from these stores."""
        self._assets, self._objects, self._analyses = assets, objects, analyses

    async def draw(self, context: Context, request: ContactSheetRequest) -> dict[str, Any]:
        """Answer ``GET /videos/{asset_id}/contact-sheet``.

        Raises:
            AssetNotFound, InvalidFileFormat: there is no such film.
            NotFound: it has no keyframes, or none from this shot on.
            InvalidRequest: a single row of such pictures is too large.
        """
        film = await film_asset(self._assets, request.asset_id)
        found = await self._analyses.newest(film.asset_id, keyframes=True)
        if found is None:
            raise NotFound(
                f"Film {film.asset_id} has no keyframes",
                details="Run POST /api/v1/analyze-video-shots with extract_keyframes first.",
            )
        shots = await self._analyses.shots(film.asset_id, found.analysis_id, request.first - 1, request.count)
        if not shots:
            raise NotFound(f"Film {film.asset_id} has no shot {request.first}", details=f"It has {found.total_shots}.")
        records = await self._assets.get_many([shot["keyframes"][0]["asset_id"] for shot in shots])
        reading = asyncio.Semaphore(_READ_AT_ONCE)

        async def cell(shot: dict[str, Any]) -> Cell:
            async with reading:
                picture = await self._picture(records.get(shot["keyframes"][0]["asset_id"]), request.width)
            return Cell(picture, f"{shot['shot_id']}  {shot['start_timecode']}", f"{shot['duration']:.1f} s")

        cells = list(await asyncio.gather(*(cell(shot) for shot in shots)))
        first, total = shots[0]["shot_id"], found.total_shots
        png, drawn = await asyncio.to_thread(_png, cells, film.filename, first, total, request)
        headers = {"X-Next-Shot": str(first + drawn)} if first + drawn <= total else {}
        tag = hashlib.sha256(png).hexdigest()[:32]
        return {"content": png, "media_type": "image/png", "etag": tag, "headers": headers}

    async def _picture(self, record: AssetRecord | None, width: int) -> NDArray[np.uint8] | None:
        """Return a keyframe no larger than it is drawn, since hundreds wait; None when a user has deleted it."""
        if record is None:
            return None
        try:
            data = await self._objects.get_bytes(record.object_key, _LARGEST)
        except AssetNotFound:
            return None
        return await asyncio.to_thread(_decoded, data, width)


def _decoded(data: bytes, width: int) -> NDArray[np.uint8] | None:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if found is None:
        return None
    picture = np.asarray(found, np.uint8)
    (drawn,) = smaller([picture], round(width * max(picture.shape[:2]) / picture.shape[1]))
    return drawn


def _png(cells: list[Cell], name: str, first: int, total: int, request: ContactSheetRequest) -> tuple[bytes, int]:
    """Return the sheet as PNG and how many shots it shows: whole rows are left out until it fits into a message."""
    columns = min(request.columns, len(cells))
    rows = -(-len(cells) // columns)
    while True:
        shown = cells[: rows * columns]
        title = f"{name}   shots {first} to {first + len(shown) - 1} of {total}"
        sheet = contact_sheet(shown, title, columns=columns, width=request.width)
        _, encoded = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
        if encoded.nbytes <= SHEET_BYTES:
            return encoded.tobytes(), len(shown)
        if rows == 1:
            raise InvalidRequest(
                f"one row of {columns} pictures of {request.width} pixels takes more than a sheet may",
                details="Ask for fewer columns or narrower pictures.",
            )
        rows = fitting_rows(rows, encoded.nbytes, SHEET_BYTES)
