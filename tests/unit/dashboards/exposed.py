"""The metrics that the code exposes, by the names that Prometheus reads."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram

from dino_common import metrics
from dino_operator import metrics as operator_metrics

_UNITS = {"s": "_seconds", "By": "_bytes", "": ""}
# Of the Python client, and of programs beside the platform.
FOREIGN = frozenset(
    {
        "up",
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "DCGM_FI_DEV_GPU_UTIL",
        "kubelet_volume_stats_available_bytes",
        "kubelet_volume_stats_capacity_bytes",
    }
)


class _Meter:
    """Notes what is created, under the exporter's names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def create_counter(self, name: str, unit: str = "", description: str = "") -> _Meter:
        self.names.add(_with_unit(name, unit) + "_total")
        return self

    def create_histogram(self, name: str, unit: str = "", **_: Any) -> _Meter:
        self.names |= _histogram(_with_unit(name, unit))
        return self

    def create_observable_gauge(self, name: str, callbacks: Any, unit: str = "", description: str = "") -> _Meter:
        self.names.add(_with_unit(name, unit))
        return self


def _with_unit(name: str, unit: str) -> str:
    suffix = _UNITS[unit]
    return name if name.endswith(suffix) else name + suffix


def _histogram(name: str) -> set[str]:
    return {f"{name}_{part}" for part in ("bucket", "sum", "count")}


def exposed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the names of the services' instruments and the operator's."""
    meter = _Meter()
    monkeypatch.setattr(metrics.metrics, "get_meter", lambda _: meter)
    for made in vars(metrics).values():
        if isinstance(made, type) and made.__name__.endswith("Metrics"):
            made()
    return meter.names | _operators()


def _operators() -> set[str]:
    names: set[str] = set()
    for metric in vars(operator_metrics).values():
        match metric:
            case Counter():
                names.add(f"{metric._name}_total")
            case Histogram():
                names |= _histogram(metric._name)
            case Gauge():
                names.add(metric._name)
    return names
