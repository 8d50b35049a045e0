"""Judgements on pictures, one by one and in batches, and thumbnails."""

from __future__ import annotations

from dino_analytics.depth import Depth
from dino_analytics.handlers.batches import BatchHandlers
from dino_analytics.handlers.categories import CategoryHandlers
from dino_analytics.handlers.compare import CompareHandlers
from dino_analytics.handlers.explain import ExplainHandlers
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.handlers.thumbnails import ThumbnailHandlers
from dino_analytics.parts import Group, Parts
from dino_common.stores.characters import CharacterStore


def group(parts: Parts) -> Group:
    """Return the handlers."""
    depth = Depth(parts.dense, parts.cache)
    compare = CompareHandlers(parts.vectors, parts.in_force, CharacterStore(parts.mongo), depth)
    quality = QualityHandlers(parts.vectors, parts.in_force, parts.pictures, parts.cache, parts.settings.similarity_ttl)
    batches = BatchHandlers(quality, compare, parts.vectors)
    return Group(
        {
            "validate-consistency": compare.validate_consistency,
            "calculate-similarity": compare.calculate_similarity,
            "explain-similarity": ExplainHandlers(parts.vectors, parts.dense).explain,
            "find-best-match": compare.find_best_match,
            "batch-similarity": compare.batch_similarity,
            "analyze-quality": quality.analyze,
            "list-categories": CategoryHandlers(parts.runtime.config).list,
            "get-asset-thumbnail": ThumbnailHandlers(parts.assets, parts.pictures, parts.cache).thumbnail,
        },
        {"batch-analyze-quality": batches.quality, "batch-validate-consistency": batches.consistency},
    )
