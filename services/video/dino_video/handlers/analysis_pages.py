"""Handler of get-video-analysis."""

from __future__ import annotations

from typing import Any

from dino_common.bus.context import Context
from dino_common.contracts.shots import FilmAnalysisRequest
from dino_common.errors import NotFound
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
        """
        film = await film_asset(self._assets, request.asset_id)
        found = await self._analyses.newest(film.asset_id)
        if found is None:
            raise NotFound(
                f"Film {film.asset_id} was not analysed", details="Run POST /api/v1/analyze-video-shots first."
            )
        after = int(request.cursor or 0)
        items = await self._analyses.shots(film.asset_id, found.analysis_id, after, request.limit)
        last = after + len(items)
        return {
            **head(found),
            "analyzed_at": found.finished_at,
            "items": items,
            "next_cursor": str(last) if items and last < found.total_shots else None,
        }


def head(record: AnalysisRecord) -> dict[str, Any]:
    """Return the fields of ``FilmFacts``."""
    return {
        **record.facts,
        "video_asset_id": record.video_asset_id,
        "analysis_id": record.analysis_id,
        "total_shots": record.total_shots,
    }
