"""Removing keyframes that nothing names any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.stores.analyses import AnalysisStore
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.content_lock import Lease
from dino_common.stores.shots import ShotStore

_PAGE = 200
_REMOVED_AT_ONCE = 100


@dataclass(frozen=True)
class Retiring:
    """Removes keyframes of a film, under the film's turn."""

    analyses: AnalysisStore
    assets: AssetStore
    library: ShotStore
    bus: BusClient

    async def run(
        self,
        film: str,
        before: datetime,
        lease: Lease,
        context: Callable[[], Context],
        without: str | None = None,
    ) -> int:
        """Remove the film's keyframes that are older than ``before`` and that nothing names; return how many.

        They are named by shots of the library, by the analyses that the film has, and by those under way.

        Args:
            film, before, lease: whose, how old, and the film's turn.
            context: asked for each batch that is removed, so that each has its own time.
            without: an analysis that will never finish; what it alone names goes.

        Raises:
            ServiceUnavailable: the film's turn was lost, or a store does not answer; more is left to be removed.
        """
        kept = await self._named(film, without)
        old: list[str] = []
        cursor: str | None = None
        while True:
            records, cursor = await self.assets.list(_PAGE, cursor, derived_from=film)
            old += [one.asset_id for one in records if _is_old(one, before) and one.asset_id not in kept]
            if cursor is None:
                break
        for start in range(0, len(old), _REMOVED_AT_ONCE):
            fields = {"video_asset_id": film, "asset_ids": old[start : start + _REMOVED_AT_ONCE]}
            # Whoever had taken the turn meanwhile might count on one of them by now.
            await lease.confirm()
            await self.bus.call(OPERATIONS["remove-derived-assets"], fields, context())
        return len(old)

    async def _named(self, film: str, without: str | None) -> set[str]:
        found = await self.library.keyframes_of(film)
        heads = [await self.analyses.newest(film, keyframes=keyframes) for keyframes in (False, True)]
        for analysis_id, total in {head.analysis_id: head.total_shots for head in heads if head is not None}.items():
            for start in range(0, total, _PAGE):
                found |= _keyframes(await self.analyses.shots(film, analysis_id, start, _PAGE))
        async for shots in self.analyses.unfinished(film, without=without):
            found |= _keyframes(shots)
        return found


def _is_old(record: AssetRecord, before: datetime) -> bool:
    # One whose tag and number a user has taken off is the user's.
    is_keyframe = "keyframe" in record.tags or isinstance(record.metadata.get("shot"), int)
    return is_keyframe and record.upload_timestamp < before


def _keyframes(shots: Sequence[dict[str, Any]]) -> set[str]:
    return {str(frame["asset_id"]) for shot in shots for frame in shot["keyframes"] if frame["asset_id"]}
