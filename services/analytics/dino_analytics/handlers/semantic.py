"""Handler of semantic-search."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from dino_analytics.core.search.words import words_of
from dino_analytics.index.errors import IndexFault
from dino_analytics.search.asked import index_filters, read_cursor, write_cursor
from dino_analytics.search.image_text_library import ImageTextLibrary
from dino_analytics.search.ranking import Candidate, candidates, ranked
from dino_analytics.search.reasons import reasons
from dino_analytics.search.spaces import spaces_of
from dino_analytics.search.text_library import TextLibrary
from dino_common.bus.context import Context
from dino_common.contracts.semantic import SemanticHit, SemanticSearchRequest, SemanticSearchResponse
from dino_common.errors import AssetNotFound, DinoError, ServiceUnavailable
from dino_common.stores.assets import AssetStore

log = logging.getLogger(__name__)


class SemanticHandlers:
    """Search by words over what is known of assets, and over the pictures themselves where a model can."""

    def __init__(self, assets: AssetStore, texts: TextLibrary, pictures: ImageTextLibrary) -> None:
        """Use these."""
        self._assets, self._texts, self._pictures = assets, texts, pictures

    async def search(self, context: Context, request: SemanticSearchRequest) -> SemanticSearchResponse:
        """Answer ``POST /semantic-search``."""
        began = time.perf_counter()
        offset = read_cursor(request.cursor)
        if request.asset_ids is not None:
            await self._make_sure(request.asset_ids, context)
        filters = index_filters(request.filters, only=request.asset_ids)
        words = words_of(request.query_text)
        try:
            spaces = await spaces_of(request.query_text, context, self._texts, self._pictures)
            if spaces.errors and not spaces.usable:
                raise spaces.errors[0]
            found = await candidates(spaces.usable, words, filters)
        except IndexFault as error:
            raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error
        hits = ranked(found.values(), spaces.usable, words, request.min_score)
        page = [_shown(hit) for hit in hits[offset : offset + request.limit]]
        more = len(hits) > offset + request.limit
        return SemanticSearchResponse(
            query_text=request.query_text,
            items=page,
            results=page,
            next_cursor=write_cursor(offset + request.limit) if more else None,
            sources=spaces.sources,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _make_sure(self, asset_ids: list[str], context: Context) -> None:
        """Assets that the client names are searched even when they came a moment ago."""
        records = await self._assets.get_many(asset_ids)
        if missing := [asset_id for asset_id in dict.fromkeys(asset_ids) if asset_id not in records]:
            raise AssetNotFound(f"Asset {', '.join(missing)} not found")
        try:
            await self._texts.ensure(list(records))
        except DinoError as error:
            # Pictures may answer by themselves; whether anything can is told by what searches.
            log.info("texts of named assets are not indexed now: %s", error.message)
        await self._pictures.place(list(records), context)


def _shown(hit: Candidate) -> SemanticHit:
    payload = hit.payload
    return SemanticHit(
        asset_id=hit.asset_id,
        filename=payload["filename"],
        content_type=payload["content_type"],
        kind=payload["kind"],
        score=hit.score,
        similarity_score=round(100 * hit.score, 1),
        why=reasons(hit),
        tags=payload["tags"],
        metadata=payload["metadata"],
        upload_timestamp=datetime.fromtimestamp(payload["uploaded"], UTC),
    )
