"""Gauges that keep what was last said: a scrape never finds them empty in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

Reading = float | Callable[[], float]


class Level:
    """A gauge by labels; each value is either set, or read anew whenever metrics are collected."""

    def __init__(self, meter: Meter, name: str, description: str, unit: str = "") -> None:
        """Create the instrument; it has no samples before the first ``set``."""
        self._readings: dict[tuple[tuple[str, str], ...], Reading] = {}
        meter.create_observable_gauge(name, [self._observe], unit=unit, description=description)

    def set(self, value: Reading, **labels: str) -> None:
        """Tell the value under these labels, or the function that reads it (quickly, in any thread)."""
        self._readings[tuple(labels.items())] = value

    def clear(self) -> None:
        """Forget every value: what is not known is not told."""
        self._readings.clear()

    def replace(self, values: Iterable[tuple[float, dict[str, str]]]) -> None:
        """Tell these values and no others."""
        self._readings = {tuple(labels.items()): value for value, labels in values}

    def _observe(self, _: CallbackOptions) -> list[Observation]:
        readings = tuple(self._readings.items())
        return [Observation(value() if callable(value) else value, dict(labels)) for labels, value in readings]
