"""Handler of semantic-search."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from dino_analytics.core.search.blend import Curve
from dino_analytics.core.search.words import words_of
from dino_analytics.index.errors import IndexFault
from dino_analytics.search.asked import index_filters, read_cursor, write_cursor
from dino_analytics.search.ranking import Candidate, Space, candidates, ranked
from dino_analytics.search.reasons import reasons
from dino_analytics.search.text_library import TextLibrary
from dino_common.bus.context import Context
from dino_common.contracts.semantic import SearchSource, SemanticHit, SemanticSearchRequest, SemanticSearchResponse
from dino_common.errors import AssetNotFound, DinoError, ModelNotLoaded, ServiceUnavailable
from dino_common.stores.assets import AssetStore

# Of all-MiniLM-L6-v2; see docs/search.md.
TEXT_CURVE = Curve(midpoint=0.35, width=0.06)


class SemanticHandlers:
    """Search by words over what is known of assets, and over the pictures themselves where a model can."""

    def __init__(self, assets: AssetStore, texts: TextLibrary) -> None:
        """Use these."""
        self._assets, self._texts = assets, texts

    async def search(self, context: Context, request: SemanticSearchRequest) -> SemanticSearchResponse:
        """Answer ``POST /semantic-search``."""
        began = time.perf_counter()
        offset = read_cursor(request.cursor)
        if request.asset_ids is not None:
            await self._make_sure(request.asset_ids)
        filters = index_filters(request.filters, only=request.asset_ids)
        words = words_of(request.query_text)
        spaces, sources, errors = await self._spaces(request.query_text, context)
        if errors and not spaces:
            raise errors[0]
        try:
            found = await candidates(spaces, words, filters)
        except IndexFault as error:
            raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error
        hits = ranked(found.values(), spaces, words, request.min_score)
        page = [_shown(hit) for hit in hits[offset : offset + request.limit]]
        more = len(hits) > offset + request.limit
        return SemanticSearchResponse(
            query_text=request.query_text,
            items=page,
            results=page,
            next_cursor=write_cursor(offset + request.limit) if more else None,
            sources=sources,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _make_sure(self, asset_ids: list[str]) -> None:
        """Assets that the client names are searched even when they came a moment ago."""
        records = await self._assets.get_many(asset_ids)
        if missing := [asset_id for asset_id in dict.fromkeys(asset_ids) if asset_id not in records]:
            raise AssetNotFound(f"Asset {', '.join(missing)} not found")
        await self._texts.ensure(list(records))

    async def _spaces(self, query: str, context: Context) -> tuple[list[Space], list[SearchSource], list[DinoError]]:
        spaces: list[Space] = []
        errors: list[DinoError] = []
        text = await self._text_space(query, context)
        if isinstance(text, Space):
            spaces.append(text)
        elif text is not None:
            errors.append(text)
        detail = text.message if isinstance(text, DinoError) else None if text else "no asset is indexed yet"
        sources = [
            SearchSource(
                source=name,
                state="used" if isinstance(text, Space) else "waiting",
                model_version=self._texts.entry.model_version if name == "text" and self._texts.entry else None,
                indexed=await text.index.count() if isinstance(text, Space) else None,
                complete=self._texts.complete,
                detail=detail,
            )
            for name in ("text", "words")
        ]
        return spaces, sources, errors

    async def _text_space(self, query: str, context: Context) -> Space | DinoError | None:
        entry = self._texts.entry
        if entry is None:
            return None if self._texts.fault is None else ModelNotLoaded(self._texts.fault, retry_after=5)
        try:
            vectors = await self._texts.texts.embed([query], context)
        except DinoError as error:
            return error
        if vectors.model_version != entry.model_version:
            return ModelNotLoaded(
                f"The texts are embedded anew by {vectors.model_version}",
                details="The text model was changed; ask again in a while.",
                retry_after=5,
            )
        return Space("text", entry.index, vectors.rows[0], TEXT_CURVE)


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
