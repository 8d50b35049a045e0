"""Handler of inference-status."""

from __future__ import annotations

from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.contracts.internal import InferenceStatus, StatusRequest
from dino_common.contracts.system import CalibrationReport, ModelInfo
from dino_inference.core.card import ModelCard
from dino_inference.extraction import Extractor
from dino_inference.gpu import gpu_status
from dino_inference.readiness import Readiness


class StatusHandlers:
    """What this process serves and how it does."""

    def __init__(self, instance: str, extractor: Extractor, readiness: Readiness) -> None:
        """Answer for this extractor."""
        self._instance, self._extractor, self._readiness = instance, extractor, readiness

    async def status(self, context: Context, request: StatusRequest) -> InferenceStatus:
        """Answer the bus operation ``inference-status``."""
        reasons = await self._readiness.reasons()
        card = self._extractor.model.card
        return InferenceStatus(
            service="inference",
            instance=self._instance,
            version=__version__,
            ready=not reasons,
            reasons=reasons,
            gpu=gpu_status(),
            model=model_info(card, self._extractor),
            consistency_slope=card.calibration.logistic_slope / 100 if card.calibration else None,
            queue_depth=self._extractor.batcher.depth,
            cache_hits=self._extractor.hits,
            cache_misses=self._extractor.misses,
        )


def model_info(card: ModelCard, extractor: Extractor) -> ModelInfo:
    """Return the card as the REST surface shows it."""
    engine = extractor.model.engine
    return ModelInfo(
        name=card.name,
        version=card.version,
        serving=True,
        dimension=card.dimension,
        patch_size=card.patch_size,
        input_size=card.image.input_size[0],
        device=engine.device,
        engine=engine.name,
        precision=engine.precision,
        licence=card.licence,
        source=card.source,
        similarity_threshold=card.thresholds.similarity if card.thresholds else None,
        consistency_threshold=card.thresholds.consistency if card.thresholds else None,
        calibration=_report(card),
    )


def _report(card: ModelCard) -> CalibrationReport | None:
    if card.calibration is None or card.thresholds is None:
        return None
    measured = card.calibration
    cut = card.thresholds.consistency / 100
    nearest = min(measured.roc, key=lambda point: abs(point.threshold - cut))
    positives, negatives = measured.positive_pairs, measured.negative_pairs
    right = nearest.true_positive_rate * positives + (1 - nearest.false_positive_rate) * negatives
    return CalibrationReport(
        roc_auc=measured.auc,
        pairs=positives + negatives,
        threshold=card.thresholds.consistency,
        accuracy=right / (positives + negatives),
        data=f"{measured.dataset}; {measured.command}; {measured.measured_on}",
    )
