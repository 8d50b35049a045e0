"""How a canary does beside the serving version: differences of the pods' counters since the step began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dino_operator.observe import Counters, InferenceSeen
from dino_operator.spec.status import MeterStatus

# Pods that are measured of each version; the rest are like them.
_PODS = 32
# Below this a percentile, or a share of failures, says little.
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """One version's requests in a stretch of time.

    Attributes:
        handled, failed: requests.
        bounds, counts: histogram of the computed ones' seconds, as in `observe.Histogram`.
    """

    handled: int = 0
    failed: int = 0
    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def error_rate(self) -> float | None:
        """Failed requests, percent; None without requests."""
        return 100.0 * self.failed / self.handled if self.handled else None

    @property
    def p95(self) -> float | None:
        """The 95th percentile in seconds, linear within its bucket; None below `ENOUGH` computed requests."""
        return percentile(self.bounds, self.counts, 0.95) if sum(self.counts) >= ENOUGH else None


def percentile(bounds: tuple[float, ...], counts: tuple[int, ...], share: float) -> float | None:
    """Return a percentile of a histogram in seconds; the last bound for what lies beyond it, None of an empty one."""
    total = sum(counts)
    if total == 0 or not bounds:
        return None
    rank, below, low = share * total, 0, 0.0
    for bound, count in zip(bounds, counts, strict=False):
        if count and below + count >= rank:
            return low + (bound - low) * (rank - below) / count
        below, low = below + count, bound
    return bounds[-1]


def baseline(statuses: Mapping[str, tuple[InferenceSeen, ...]], keys: Iterable[str]) -> list[MeterStatus]:
    """Return the counters of now, to be subtracted later."""
    return [
        _meter(key, status)
        for key in keys
        for status in sorted(statuses.get(key, ()), key=lambda status: status.instance)[:_PODS]
    ]


def since(begin: Iterable[MeterStatus], statuses: tuple[InferenceSeen, ...], key: str) -> Measured:
    """Return what the pods of a version did since the baseline; a pod that began anew counts from its start."""
    before = {meter.instance: meter for meter in begin if meter.key == key}
    result = Measured()
    for status in sorted(statuses, key=lambda status: status.instance):
        if status.instance not in before and len(before) >= _PODS:
            continue
        result = _plus(result, _difference(_counters(status), before.get(status.instance)))
    return result


def _counters(status: InferenceSeen) -> Counters:
    """Both kinds of work: a canary repeats the load, and embeds the sample of a comparison for callers."""
    mirrored, direct = status.mirrored, status.direct
    one, other = direct.seconds, mirrored.seconds
    seconds = one if not other.counts else other
    if one.counts and other.counts and one.bounds == other.bounds:
        counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
        seconds = type(one)(one.bounds, counts)
    return Counters(mirrored.handled + direct.handled, mirrored.failed + direct.failed, seconds)


def _meter(key: str, status: InferenceSeen) -> MeterStatus:
    counters = _counters(status)
    return MeterStatus(
        instance=status.instance,
        key=key,
        handled=counters.handled,
        failed=counters.failed,
        seconds=list(counters.seconds.counts),
    )


def _difference(now: Counters, before: MeterStatus | None) -> Measured:
    counts = now.seconds.counts
    if (
        before is not None
        and now.handled >= before.handled
        and now.failed >= before.failed
        and len(before.seconds) in (0, len(counts))
        and all(a >= b for a, b in zip(counts, before.seconds, strict=False))
    ):
        old = before.seconds or [0] * len(counts)
        counts = tuple(a - b for a, b in zip(counts, old, strict=True))
        return Measured(now.handled - before.handled, now.failed - before.failed, now.seconds.bounds, counts)
    return Measured(now.handled, now.failed, now.seconds.bounds, counts)


def _plus(one: Measured, other: Measured) -> Measured:
    if not one.counts or not other.counts or one.bounds != other.bounds:
        bigger = one if sum(one.counts) >= sum(other.counts) else other
        return Measured(one.handled + other.handled, one.failed + other.failed, bigger.bounds, bigger.counts)
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    return Measured(one.handled + other.handled, one.failed + other.failed, one.bounds, counts)
