"""Handler of get-video-analysis."""

from __future__ import annotations

from typing import Any

from dino_common.bus.context import Context
from dino_common.contracts.shots import FilmAnalysisRequest
from dino_common.errors import InvalidRequest, NotFound
from dino_common.stores.analyses import AnalysisRecord, AnalysisStore
from dino_common.stores.assets import AssetStore
from dino_video.analysis.film import film_asset


class AnalysisPages:
    """Shows what the newest analysis of a film has found."""

    def __init__(self, assets: AssetStore, analyses: AnalysisStore) -> None:
        """Read from these stores."""
        self._assets, self._analyses = assets, analyses

    async def page(self, context: Context, request: FilmAnalysisRequest) -> dict[str, Any]:
        """Answer ``GET /videos/{asset_id}/analysis``.

        Raises:
            AssetNotFound, InvalidFileFormat: there is no such film.
            NotFound: it was not analysed.
            InvalidRequest: the cursor is of an analysis that a newer one has replaced.
        """
        film = await film_asset(self._assets, request.asset_id)
        of_run, _, number = (request.cursor or "0").rpartition(":")
        after = int(number)
        found = await self._newest(film.asset_id, of_run)
        while True:
            items = await self._analyses.shots(film.asset_id, found.analysis_id, after, request.limit)
            read, found = found, await self._newest(film.asset_id, of_run)
            if found.analysis_id == read.analysis_id:
                break
            # A newer analysis has taken its place, and its shots may have gone while they were read.
        last = after + len(items)
        return {
            **head(found),
            "analyzed_at": found.finished_at,
            "items": items,
            "next_cursor": f"{found.analysis_id}:{last}" if items and last < found.total_shots else None,
        }

    async def _newest(self, film: str, of_run: str) -> AnalysisRecord:
        found = await self._analyses.newest(film)
        if found is None:
            raise NotFound(f"Film {film} was not analysed", details="Run POST /api/v1/analyze-video-shots first.")
        if of_run and of_run != found.analysis_id:
            raise InvalidRequest(
                "cursor: a newer analysis has taken the place of the one that it goes on with",
                details="Begin with the first page; its shots are others.",
            )
        return found


def head(record: AnalysisRecord) -> dict[str, Any]:
    """Return the fields of ``FilmFacts``."""
    return {
        **record.facts,
        "video_asset_id": record.video_asset_id,
        "analysis_id": record.analysis_id,
        "total_shots": record.total_shots,
    }
