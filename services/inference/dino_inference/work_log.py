"""What this process has done since its start, for callers and as a candidate's mirrored work, each counted apart."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from dino_common.bus.context import Context
from dino_common.contracts.rollout import WORK_BOUNDS, WorkCounters, WorkSeconds


class WorkLog:
    """Counts of one kind of work."""

    def __init__(self) -> None:
        """Nothing was done yet."""
        self._handled = self._failed = self._skipped = 0
        self._seconds = [0] * (len(WORK_BOUNDS) + 1)

    def ended(self, *, failed: bool) -> None:
        """Count a request; ``failed`` when it is the service's own fault."""
        self._handled += 1
        self._failed += failed

    def skipped(self) -> None:
        """Count a request that was left out."""
        self._skipped += 1

    def computed(self, seconds: float) -> None:
        """Count a picture whose features were computed, and how long its asker waited for them."""
        self._seconds[bisect_left(WORK_BOUNDS, seconds)] += 1

    def counters(self) -> WorkCounters:
        """Return the counts as they travel."""
        return WorkCounters(
            handled=self._handled,
            failed=self._failed,
            skipped=self._skipped,
            seconds=WorkSeconds(counts=tuple(self._seconds)),
        )


@dataclass(frozen=True, slots=True)
class Work:
    """Both kinds."""

    direct: WorkLog = field(default_factory=WorkLog)
    mirrored: WorkLog = field(default_factory=WorkLog)

    def of(self, context: Context) -> WorkLog:
        """Return where a request is counted."""
        return self.mirrored if context.mirrored else self.direct
