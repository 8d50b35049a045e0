"""Handler of inference-status."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.contracts.internal import InferenceStatus, StatusRequest
from dino_common.contracts.system import CalibrationReport, ModelInfo
from dino_common.errors import ServiceUnavailable
from dino_inference.core.card import ModelCard
from dino_inference.extraction import Extractor
from dino_inference.gpu import gpu_status
from dino_inference.readiness import Readiness
from dino_inference.roles import Role
from dino_inference.self_test import SelfTest
from dino_inference.sweep import LibrarySweep


class StatusHandlers:
    """What this process serves and how it does."""

    def __init__(
        self,
        instance: str,
        key: str | None,
        extractor: Extractor,
        readiness: Readiness,
        self_test: SelfTest,
        sweep: LibrarySweep,
        role: Callable[[], Role],
    ) -> None:
        """Answer for these parts."""
        self._instance, self._key, self._extractor, self._readiness = instance, key, extractor, readiness
        self._self_test, self._sweep, self._role = self_test, sweep, role

    async def status(self, context: Context, request: StatusRequest) -> InferenceStatus:
        """Answer the bus operation ``inference-status``."""
        return await self.report()

    async def report(self) -> InferenceStatus:
        """Return how this process does."""
        reasons = await self._readiness.reasons()
        library = None
        with suppress(ServiceUnavailable):  # then a reason says so
            library = await self._sweep.progress()
        work = self._extractor.work
        card = self._extractor.model.card
        return InferenceStatus(
            service="inference",
            instance=self._instance,
            version=__version__,
            ready=not reasons,
            reasons=reasons,
            gpu=gpu_status(),
            model=model_info(card, self._extractor, serving=self._role() is Role.SERVING),
            consistency_slope=card.calibration.logistic_slope / 100 if card.calibration else None,
            queue_depth=self._extractor.batcher.depth,
            cache_hits=self._extractor.hits,
            cache_misses=self._extractor.misses,
            key=self._key,
            golden_cosine=self._readiness.golden_cosine,
            images_per_second=self._self_test.images_per_second,
            library=library,
            direct=work.direct.counters(),
            mirrored=work.mirrored.counters(),
        )


def model_info(card: ModelCard, extractor: Extractor, *, serving: bool) -> ModelInfo:
    """Return the card as the REST surface shows it."""
    engine = extractor.model.engine
    return ModelInfo(
        name=card.name,
        version=card.version,
        serving=serving,
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
