"""Counts and latencies of every operation since the gateway's start."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from dino_common.contracts.system import OperationStats

_SAMPLES = 2048


@dataclass(slots=True)
class Reservoir:
    """A uniform sample of a stream of values (Vitter 1985, algorithm R)."""

    seen: int = 0
    total: float = 0.0
    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Take the value in, or let it pass, with equal chance for every value seen."""
        self.seen += 1
        self.total += value
        if len(self.values) < _SAMPLES:
            self.values.append(value)
        elif (place := random.randrange(self.seen)) < _SAMPLES:
            self.values[place] = value

    @property
    def mean(self) -> float:
        """Mean of all values, 0 when there are none."""
        return self.total / self.seen if self.seen else 0.0

    def percentile(self, fraction: float) -> float:
        """Nearest-rank percentile of the sample, 0 when there is none."""
        if not self.values:
            return 0.0
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


@dataclass(slots=True)
class _Counts:
    latencies: Reservoir = field(default_factory=Reservoir)
    errors: int = 0


class Stats:
    """What ``GET /stats`` says about requests; one instance a process."""

    def __init__(self) -> None:
        """Start counting."""
        self._began = time.monotonic()
        self._operations: dict[str, _Counts] = {}

    def handled(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer; status 400 and above is an error."""
        counts = self._operations.setdefault(operation, _Counts())
        counts.latencies.add(seconds)
        counts.errors += status >= 400

    @property
    def uptime(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    @property
    def requests(self) -> int:
        """Answers in all."""
        return sum(c.latencies.seen for c in self._operations.values())

    @property
    def errors(self) -> int:
        """Answers with an error status."""
        return sum(c.errors for c in self._operations.values())

    @property
    def average(self) -> float:
        """Mean seconds of all answers."""
        spent = sum(c.latencies.total for c in self._operations.values())
        return spent / self.requests if self.requests else 0.0

    def operations(self) -> list[OperationStats]:
        """Return the counts of every operation that was asked for, by name."""
        return [
            OperationStats(
                operation=name,
                requests=counts.latencies.seen,
                errors=counts.errors,
                average_seconds=counts.latencies.mean,
                p50_seconds=counts.latencies.percentile(0.50),
                p99_seconds=counts.latencies.percentile(0.99),
            )
            for name, counts in sorted(self._operations.items())
        ]
