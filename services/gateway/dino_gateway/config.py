"""Handlers of the run-time configuration: the thresholds in force, where each comes from, and changing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from dino_common.contracts.configuration import (
    DEFAULT_CONSISTENCY,
    DEFAULT_QUALITY,
    DEFAULT_SIMILARITY,
    ConfigResponse,
    GetConfigRequest,
    Limits,
    SetPercentRequest,
    SetSimilarityRequest,
    SetThresholdResponse,
    ThresholdName,
    Thresholds,
    ThresholdSources,
)
from dino_common.contracts.judgement import ThresholdSource
from dino_common.errors import DinoError
from dino_common.stores.mongo import utc_now
from dino_gateway.backends import Backends
from dino_gateway.call import Call

_DEFAULTS: dict[ThresholdName, float] = {
    "similarity": DEFAULT_SIMILARITY,
    "consistency": DEFAULT_CONSISTENCY,
    "quality": DEFAULT_QUALITY,
}


@dataclass(frozen=True, slots=True)
class InForce:
    """A threshold and who set it."""

    value: float
    source: ThresholdSource


def in_force(name: ThresholdName, thresholds: Thresholds, model: dict[str, Any] | None) -> InForce:
    """Return the first of the deployment's setting, the model card's calibrated one, and the default.

    Args:
        name: which threshold.
        thresholds: as they lie in the bucket.
        model: card of the serving model, as inference tells it; None while unknown.
    """
    if (setting := getattr(thresholds, name)) is not None:
        return InForce(setting, "setting")
    card = (model or {}).get(f"{name}_threshold")
    if card is not None:
        return InForce(min(1.0, max(0.0, card)) if name == "similarity" else card, "model_card")
    return InForce(_DEFAULTS[name], "default")


class ConfigHandlers:
    """Reads and writes the thresholds."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._b = backends

    async def get(self, call: Call, fields: GetConfigRequest, request: Request) -> ConfigResponse:
        """Answer ``GET /config``."""
        settings, live = self._b.settings, self._b.config
        model = await self._model()
        found = {name: in_force(name, live.thresholds, model) for name in _DEFAULTS}
        return ConfigResponse(
            similarity_threshold=found["similarity"].value,
            consistency_threshold=found["consistency"].value,
            quality_threshold=found["quality"].value,
            sources=ThresholdSources(
                similarity=found["similarity"].source,
                consistency=found["consistency"].source,
                quality=found["quality"].source,
            ),
            categories=live.thresholds.categories,
            limits=Limits(
                max_file_size_mb=settings.max_file_size_mb,
                max_batch_size=settings.max_batch_size,
                max_pixels=settings.max_pixels,
                rate_default_per_minute=settings.rate_limit_default,
                rate_upload_per_minute=settings.rate_limit_upload,
                rate_batch_per_minute=settings.rate_limit_batch,
            ),
            revision=live.revision,
        )

    async def set_similarity(self, call: Call, fields: SetSimilarityRequest, request: Request) -> SetThresholdResponse:
        """Answer ``PUT /config/similarity-threshold``."""
        return await self._set("similarity", fields.threshold)

    async def set_consistency(self, call: Call, fields: SetPercentRequest, request: Request) -> SetThresholdResponse:
        """Answer ``PUT /config/consistency-threshold``."""
        return await self._set("consistency", fields.threshold)

    async def set_quality(self, call: Call, fields: SetPercentRequest, request: Request) -> SetThresholdResponse:
        """Answer ``PUT /config/quality-threshold``."""
        return await self._set("quality", fields.threshold)

    async def _set(self, name: ThresholdName, value: float | None) -> SetThresholdResponse:
        model = await self._model()
        before = await self._change(name, value)
        previous = in_force(name, before, model)
        now = in_force(name, before.model_copy(update={name: value}), model)
        return SetThresholdResponse(
            name=name,
            threshold=now.value,
            previous_threshold=previous.value,
            source=now.source,
            revision=self._b.config.revision,
            updated_at=utc_now(),
        )

    async def _change(self, name: ThresholdName, value: float | None) -> Thresholds:
        """Set a threshold where thresholds are kept, and return those before."""
        if self._b.resource is not None:
            return await self._b.resource.change(name, value)
        before: list[Thresholds] = []

        def edit(current: Thresholds) -> Thresholds:
            before.append(current)
            return current.model_copy(update={name: value})

        await self._b.config.change(edit)
        return before[-1]

    async def _model(self) -> dict[str, Any] | None:
        try:
            return (await self._b.statuses.get("inference"))["model"]
        except DinoError:
            return None
