"""Handler of analyze-quality."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import msgpack

from dino_analytics.core.feature_stats import diversity_score, feature_stats
from dino_analytics.core.quality.advice import recommendations
from dino_analytics.core.quality.grade import quality_grade
from dino_analytics.core.quality.metrics import TechnicalMetrics, technical_metrics
from dino_analytics.core.quality.score import quality_score
from dino_analytics.in_force import InForce
from dino_analytics.pictures import Pictures
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.judgement import AnalyzeQualityRequest, AnalyzeQualityResponse, FeatureStats
from dino_common.contracts.judgement import TechnicalMetrics as ShownMetrics
from dino_common.errors import InvalidRequest
from dino_common.stores.assets import AssetRecord
from dino_common.stores.cache import Cache

_SMALLEST_SIDE = 8
_METHOD = "quality-2"  # grows when a metric changes, so that older cached ones are not read


class QualityHandlers:
    """Quality from pixels and features; the metrics are cached by content."""

    def __init__(self, vectors: VectorSource, in_force: InForce, pictures: Pictures, cache: Cache, ttl: int) -> None:
        """Args:
        ttl: seconds the metrics stay cached.
        """
        self._vectors, self._in_force, self._pictures = vectors, in_force, pictures
        self._cache, self._ttl = cache, ttl

    async def analyze(self, context: Context, request: AnalyzeQualityRequest) -> AnalyzeQualityResponse:
        """Answer ``POST /analyze-quality``."""
        return await self.judge(context, request.asset_id, request.category)

    async def judge(self, context: Context, asset_id: str, category: str | None) -> AnalyzeQualityResponse:
        """Judge one picture by the quality threshold in force."""
        began = time.perf_counter()
        threshold = self._in_force.quality(category)
        record = await self._vectors.assets.get(asset_id)
        metrics, (model, (embedded,)) = await asyncio.gather(
            self._metrics(record), self._vectors.all_of([asset_id], context)
        )
        score = quality_score(metrics)
        return AnalyzeQualityResponse(
            asset_id=asset_id,
            quality_score=score,
            quality_grade=quality_grade(score),
            technical_metrics=ShownMetrics(
                **{name: round(value, 4) for name, value in dataclasses.asdict(metrics).items()}
            ),
            recommendations=recommendations(metrics, score),
            diversity_score=diversity_score(embedded.vector),
            feature_stats=FeatureStats(**dataclasses.asdict(feature_stats(embedded.vector))),
            passes=score >= threshold.value,
            threshold=threshold.value,
            threshold_source=threshold.source,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _metrics(self, record: AssetRecord) -> TechnicalMetrics:
        key = f"{_METHOD}:{record.sha256}"
        if record.kind == "image" and min(record.width or 0, record.height or 0) < _SMALLEST_SIDE:
            raise InvalidRequest(
                f"Asset {record.asset_id} is smaller than {_SMALLEST_SIDE} pixels on a side",
                details="Quality cannot be measured on so few pixels.",
            )
        kept = await self._cache.get_blob(key)
        if kept is not None:
            return TechnicalMetrics(**msgpack.unpackb(kept))
        metrics = await self._pictures.work(record, technical_metrics)
        await self._cache.put_blob(key, msgpack.packb(dataclasses.asdict(metrics)), self._ttl)
        return metrics
