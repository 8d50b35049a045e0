"""Handler of find-similar."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np

from dino_analytics.core.similarity import similarity_score, unit_rows
from dino_analytics.in_force import InForce
from dino_analytics.index.errors import IndexClosed, IndexUnavailable
from dino_analytics.index.interface import Hit, VectorIndex
from dino_analytics.library import Library
from dino_analytics.search.asked import DEEPEST, index_filters, read_cursor, write_cursor
from dino_analytics.serving import ServingModel
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.search import FindSimilarRequest, FindSimilarResponse, SimilarAsset
from dino_common.errors import Conflict, InvalidRequest, ModelNotLoaded, ServiceUnavailable


class SearchHandlers:
    """Nearest pictures from the library's index."""

    def __init__(self, vectors: VectorSource, library: Library, in_force: InForce) -> None:
        """Use these."""
        self._vectors, self._library, self._in_force = vectors, library, in_force

    async def find_similar(self, context: Context, request: FindSimilarRequest) -> FindSimilarResponse:
        """Answer ``POST /find-similar``."""
        began = time.perf_counter()
        while True:
            model, index = self._asked(request)
            try:
                return await self._search(context, request, model, index, began)
            except (IndexClosed, ModelNotLoaded) as error:
                # The version that was asked left in the middle of the request: the one that serves now answers.
                if request.features is None and self._library.current()[0].version != model.version:
                    continue
                if isinstance(error, IndexClosed):
                    raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error
                raise

    def _asked(self, request: FindSimilarRequest) -> tuple[ServingModel, VectorIndex]:
        """Return model and index of the version that the request's features are of, else those that serve."""
        if request.features is not None and request.model_version is not None:
            kept = self._library.of_version(request.model_version)
            if kept is not None:
                return kept
        return self._library.current()

    async def _search(
        self,
        context: Context,
        request: FindSimilarRequest,
        model: ServingModel,
        index: VectorIndex,
        began: float,
    ) -> FindSimilarResponse:
        query = await self._query(request, context, model)
        offset = read_cursor(request.cursor)
        exclude = list(request.filters.exclude_ids or [])
        if request.asset_id is not None and not request.include_self:
            exclude.append(request.asset_id)
        # One more than asked for tells whether there is a next page.
        try:
            hits = await index.search(
                query,
                limit=request.limit + 1,
                offset=offset,
                filters=index_filters(request.filters, exclude),
                min_score=request.min_similarity,
            )
            indexed = await index.count()
        except IndexUnavailable as error:
            raise ServiceUnavailable(f"The vector index does not answer: {error}", retry_after=2) from error
        more = len(hits) > request.limit and offset + request.limit < DEEPEST
        threshold = self._in_force.similarity(model)
        return FindSimilarResponse(
            asset_id=request.asset_id,
            items=[_shown(hit, threshold.value) for hit in hits[: request.limit]],
            next_cursor=write_cursor(offset + request.limit) if more else None,
            threshold=threshold.value,
            threshold_source=threshold.source,
            indexed=indexed,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _query(self, request: FindSimilarRequest, context: Context, model: ServingModel) -> np.ndarray:
        if request.asset_id is not None:
            _, (embedded,) = await self._vectors.all_of([request.asset_id], context, model)
            found, vector = model.version, embedded.vector
        else:
            found, vector = request.model_version, np.asarray(request.features, dtype=np.float32)
        if found != model.version:
            raise Conflict(
                f"The features are of {found}, the library is of {model.version}",
                details="Vectors of two versions are never compared; extract the features again.",
            )
        if vector.shape != (model.dimension,):
            raise InvalidRequest(f"features: {model.version} has {model.dimension} numbers, got {vector.size}")
        try:
            return unit_rows(vector)
        except ValueError as error:
            raise InvalidRequest(f"features: {error}") from error


def _shown(hit: Hit, threshold: float) -> SimilarAsset:
    cosine = min(1.0, max(-1.0, hit.score))
    return SimilarAsset(
        asset_id=hit.id,
        filename=hit.payload["filename"],
        content_type=hit.payload["content_type"],
        similarity_percentage=similarity_score(cosine),
        cosine_similarity=cosine,
        is_similar=cosine >= threshold,
        tags=hit.payload["tags"],
        metadata=hit.payload["metadata"],
        upload_timestamp=datetime.fromtimestamp(hit.payload["uploaded"], UTC),
    )
