"""What services answer over the bus, as the rest of the operator sees it."""

from __future__ import annotations

from datetime import datetime

from dino_common.contracts.internal import AnalyticsStatus, GatewayStatus, InferenceStatus
from dino_common.contracts.rollout import CompareVersionsResponse, SelfTestResponse, WorkCounters
from dino_operator.observe import (
    AnalyticsSeen,
    ComparisonSeen,
    Counters,
    GatewaySeen,
    Histogram,
    IndexSeen,
    InferenceSeen,
    LibrarySeen,
    SelfTestSeen,
)


def inference_seen(status: InferenceStatus) -> InferenceSeen:
    """Return a pod's status."""
    library = status.library
    return InferenceSeen(
        instance=status.instance,
        ready=status.ready,
        reasons=tuple(status.reasons),
        model_version=status.model.version if status.model else None,
        images_per_second=status.images_per_second,
        library=None
        if library is None
        else LibrarySeen(
            total=library.total,
            done=library.done,
            failed=library.failed,
            per_second=library.per_second,
            complete=library.complete,
            eta_seconds=library.eta_seconds,
        ),
        mirrored=_counters(status.mirrored),
        direct=_counters(status.direct),
    )


def _counters(found: WorkCounters) -> Counters:
    return Counters(found.handled, found.failed, Histogram(tuple(found.seconds.bounds), tuple(found.seconds.counts)))


def analytics_seen(status: AnalyticsStatus | None) -> AnalyticsSeen | None:
    """Return what analytics says of itself; None when it said nothing."""
    if status is None:
        return None
    indexes = {
        index.role: IndexSeen(index.key, index.model_version, index.indexed, index.complete, index.fault)
        for index in status.indexes
    }
    return AnalyticsSeen(status.ready, tuple(status.reasons), indexes.get("serving"), indexes.get("candidate"))


def gateway_seen(status: GatewayStatus | None) -> GatewaySeen | None:
    """Return what the gateway says of itself; None when it said nothing."""
    return None if status is None else GatewaySeen(status.ready, tuple(status.reasons))


def self_test_seen(answer: SelfTestResponse, at: datetime) -> SelfTestSeen:
    """Return a measurement; a test that could not be finished is none, and says nothing against the model."""
    judged = answer.passed or (answer.cosine is not None and answer.cosine < answer.bound)
    return SelfTestSeen(
        passed=answer.passed,
        cosine=answer.cosine,
        bound=answer.bound,
        images_per_second=answer.images_per_second,
        model_version=answer.model_version,
        error=None if judged else " ".join(answer.reasons) or "it was not finished",
        at=at,
    )


def comparison_seen(answer: CompareVersionsResponse, at: datetime) -> ComparisonSeen:
    """Return a comparison."""
    return ComparisonSeen(answer.agreement, answer.sample, at=at)
