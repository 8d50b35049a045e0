"""Handler of recommend."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from dino_analytics.core.recommendation import best_score, wished_direction
from dino_analytics.core.similarity import unit_rows
from dino_analytics.index.errors import IndexFault
from dino_analytics.index.interface import Filters, Hit, VectorIndex
from dino_analytics.library import Library
from dino_analytics.search.asked import DEEPEST, index_filters, read_cursor, write_cursor
from dino_analytics.serving import ServingModel
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.recommend import RecommendedAsset, RecommendRequest, RecommendResponse
from dino_common.errors import Conflict, InvalidRequest, ServiceUnavailable

# Candidates that each positive example names; pages of best_score go no deeper.
_DEPTH = 400
_LEAST_DEPTH, _MOST_MEASURED = 50, 2000


@dataclass(slots=True)
class _Scored:
    hit: Hit
    positive: list[float] = field(default_factory=list)
    negative: list[float] = field(default_factory=list)
    score: float = 0.0

    @property
    def nearest(self) -> tuple[float, float | None]:
        return max(self.positive, default=-1.0), max(self.negative, default=None)


class RecommendHandlers:
    """More like these, less like those."""

    def __init__(self, vectors: VectorSource, library: Library) -> None:
        """Use these."""
        self._vectors, self._library = vectors, library

    async def recommend(self, context: Context, request: RecommendRequest) -> RecommendResponse:
        """Answer ``POST /recommend``."""
        began = time.perf_counter()
        model, index = self._library.current()
        positive = await self._rows(request.positive, request.positive_features, request, context, model)
        negative = await self._rows(request.negative, request.negative_features, request, context, model)
        offset = read_cursor(request.cursor)
        examples = [] if request.include_examples else [*request.positive, *request.negative]
        filters = index_filters(request.filters, examples)
        try:
            if request.strategy == "mean_difference":
                page, more = await _by_direction(index, positive, negative, filters, offset, request)
            else:
                page, more = await _by_best(index, positive, negative, filters, offset, request)
            indexed = await index.count()
        except IndexFault as error:
            raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error
        return RecommendResponse(
            items=[_shown(scored) for scored in page],
            next_cursor=write_cursor(offset + request.limit) if more else None,
            strategy=request.strategy,
            indexed=indexed,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _rows(
        self,
        asset_ids: Sequence[str],
        features: Sequence[Sequence[float]],
        request: RecommendRequest,
        context: Context,
        model: ServingModel,
    ) -> np.ndarray:
        """Return float32 (n, d) of the examples, rows of length 1."""
        rows: list[np.ndarray] = []
        if asset_ids:
            _, embedded = await self._vectors.all_of(asset_ids, context, model)
            rows += [each.vector for each in embedded]
        if features and request.model_version != model.version:
            raise Conflict(
                f"The features are of {request.model_version}, the library is of {model.version}",
                details="Vectors of two versions are never compared; extract the features again.",
            )
        for given in features:
            row = np.asarray(given, dtype=np.float32)
            if row.shape != (model.dimension,):
                raise InvalidRequest(f"features: {model.version} has {model.dimension} numbers, got {row.size}")
            rows.append(row)
        if not rows:
            return np.empty((0, model.dimension), dtype=np.float32)
        try:
            return unit_rows(np.stack(rows))
        except ValueError as error:
            raise InvalidRequest(f"features: {error}") from error


async def _by_direction(
    index: VectorIndex,
    positive: np.ndarray,
    negative: np.ndarray,
    filters: Filters,
    offset: int,
    request: RecommendRequest,
) -> tuple[list[_Scored], bool]:
    try:
        direction = wished_direction(positive, negative)
    except ValueError as error:
        raise InvalidRequest(str(error), details="Leave out examples that say the opposite of others.") from error
    hits = await index.search(
        direction, limit=request.limit + 1, offset=offset, filters=filters, min_score=request.min_score
    )
    page = {hit.id: _Scored(hit, score=hit.score) for hit in hits[: request.limit]}
    await _measure(index, page, positive, negative)
    return list(page.values()), len(hits) > request.limit and offset + request.limit < DEEPEST


async def _by_best(
    index: VectorIndex,
    positive: np.ndarray,
    negative: np.ndarray,
    filters: Filters,
    offset: int,
    request: RecommendRequest,
) -> tuple[list[_Scored], bool]:
    found: dict[str, _Scored] = {}
    # Every hit is measured against every example, so many examples share a number of hits.
    depth = max(_LEAST_DEPTH, min(_DEPTH, _MOST_MEASURED // len(positive)))
    for row in positive:
        for hit in await index.search(row, limit=depth, filters=filters):
            found.setdefault(hit.id, _Scored(hit))
    await _measure(index, found, positive, negative)
    for scored in found.values():
        scored.score = best_score(*scored.nearest)
    kept = [s for s in found.values() if request.min_score is None or s.score >= request.min_score]
    kept.sort(key=lambda scored: (-scored.score, scored.hit.id))
    more = len(kept) > offset + request.limit and offset + request.limit < DEEPEST
    return kept[offset : offset + request.limit], more


async def _measure(index: VectorIndex, found: dict[str, _Scored], positive: np.ndarray, negative: np.ndarray) -> None:
    """Note the cosine of every hit with every example."""
    if not found:
        return
    only = Filters(asset_ids=tuple(found))
    for rows, side in ((positive, "positive"), (negative, "negative")):
        for row in rows:
            for hit in await index.search(row, limit=len(found), filters=only):
                getattr(found[hit.id], side).append(min(1.0, max(-1.0, hit.score)))


def _shown(scored: _Scored) -> RecommendedAsset:
    payload: dict[str, Any] = scored.hit.payload
    positive, negative = scored.nearest
    return RecommendedAsset(
        asset_id=scored.hit.id,
        filename=payload["filename"],
        content_type=payload["content_type"],
        score=min(1.0, max(-1.0, scored.score)),
        nearest_positive=positive,
        nearest_negative=negative,
        tags=payload["tags"],
        metadata=payload["metadata"],
        upload_timestamp=datetime.fromtimestamp(payload["uploaded"], UTC),
    )
