"""Handler of list-categories."""

from __future__ import annotations

from dino_analytics.core.thresholds import CATEGORIES
from dino_common.bus.context import Context
from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.categories import CategoriesResponse, CategorySet, ListCategoriesRequest


class CategoryHandlers:
    """Categories as they are in force."""

    def __init__(self, config: LiveConfig) -> None:
        """Read from this configuration at each call."""
        self._config = config

    async def list(self, context: Context, request: ListCategoriesRequest) -> CategoriesResponse:
        """Answer ``GET /config/categories``."""
        found = {
            name: CategorySet(name=name, consistency=known.consistency, quality=known.quality, similarity=None)
            for name, known in CATEGORIES.items()
        }
        for name, live in self._config.thresholds.categories.items():
            found[name] = CategorySet(
                name=name,
                consistency=live.consistency,
                quality=live.quality,
                similarity=live.similarity,
                source="setting",
            )
        return CategoriesResponse(items=[found[name] for name in sorted(found)])
