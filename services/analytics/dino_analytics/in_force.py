"""Thresholds in force for a request: its own, its category's, the deployment's, the model card's, the default."""

from __future__ import annotations

from dino_analytics.core.thresholds import (
    CATEGORIES,
    DEFAULT_SIMILARITY,
    Threshold,
    canonical_category,
    resolve_consistency,
    resolve_quality,
)
from dino_analytics.serving import ServingModel
from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.configuration import CategoryThresholds
from dino_common.errors import InvalidRequest


class InForce:
    """Resolves thresholds from the live configuration."""

    def __init__(self, config: LiveConfig) -> None:
        """Read from this configuration at each call."""
        self._config = config

    def knows(self, category: str) -> bool:
        """Whether a category is built in or set by the configuration."""
        return category in self._config.thresholds.categories or canonical_category(category) is not None

    def category(self, name: str | None) -> CategoryThresholds:
        """Return a category's thresholds, none at all for no name; InvalidRequest for one that is not known."""
        if name is None:
            return CategoryThresholds()
        live = self._config.thresholds.categories
        known = canonical_category(name)
        if name in live:
            return live[name]
        if known is not None:
            if known in live:
                return live[known]
            return CategoryThresholds(quality=CATEGORIES[known].quality, consistency=CATEGORIES[known].consistency)
        names = ", ".join(sorted({*CATEGORIES, *live}))
        raise InvalidRequest(f"category: unknown category {name!r}; known ones are {names}")

    def consistency(
        self, model: ServingModel, request: float | None, category: str | None, character: float | None = None
    ) -> Threshold:
        """Return the consistency threshold (0–100) and its source.

        Args:
            model: whose card is asked.
            request: the request's own.
            category: named threshold set.
            character: the character's own for this model version.

        Raises:
            InvalidRequest: the category is not known.
        """
        return resolve_consistency(
            request=request,
            character=character,
            category=self.category(category).consistency,
            setting=self._config.thresholds.consistency,
            model_card=model.consistency,
        )

    def quality(self, category: str | None) -> Threshold:
        """Return the quality threshold (0–100) and its source; InvalidRequest for an unknown category."""
        return resolve_quality(category=self.category(category).quality, setting=self._config.thresholds.quality)

    def similarity(self, model: ServingModel) -> Threshold:
        """Return the similarity threshold (0–1 cosine) and its source."""
        setting = self._config.thresholds.similarity
        if setting is not None:
            return Threshold(setting, "setting")
        if model.similarity is not None:
            return Threshold(min(1.0, max(0.0, model.similarity)), "model_card")
        return Threshold(DEFAULT_SIMILARITY, "default")
