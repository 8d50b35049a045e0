"""Metrics of every process through one door: each answers with its text, the asker merges them."""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dino_common.bus import codec
from dino_common.bus.connection import Connection
from dino_common.bus.scatter import ask_all
from dino_common.contracts import Service
from dino_common.telemetry import metrics_text


class MetricsResponder:
    """Answers the metrics subject of a service process (every instance, no queue group)."""

    def __init__(self, connection: Connection, service: Service) -> None:
        """Use an open connection."""
        self._connection, self._service = connection, service

    async def start(self) -> None:
        """Listen."""
        await self._connection.client.subscribe(self._connection.subjects.metrics, cb=self._answer)

    async def _answer(self, msg: Any) -> None:
        text = await asyncio.to_thread(metrics_text)
        await msg.respond(
            codec.pack(
                {
                    "service": self._service.value,
                    "instance": self._connection.settings.instance,
                    "text": text.decode(),
                }
            )
        )


async def gather_metrics(connection: Connection, seconds: float = 2.0, quiet: float = 0.5) -> list[dict[str, Any]]:
    """Ask every instance and return what came within ``seconds``, or until ``quiet`` seconds brought nothing.

    A process in the middle of a forward pass answers late; a dashboard rather waits than loses its series.
    """
    return await ask_all(connection, connection.subjects.metrics, {}, seconds=seconds, quiet=quiet)


def merge(parts: list[tuple[str, str, str]]) -> bytes:
    """Merge texts of several processes into one, each sample labelled with service and instance.

    Args:
        parts: (service, instance, text in Prometheus' format).
    """
    families: dict[str, Metric] = {}
    for service, instance, text in parts:
        for family in text_string_to_metric_families(text):
            merged = families.setdefault(
                family.name, Metric(family.name, family.documentation, family.type, family.unit)
            )
            for sample in family.samples:
                labels = {**sample.labels, "service": service, "instance": instance}
                merged.add_sample(sample.name, labels, sample.value)
    lines: list[str] = []
    for family in families.values():
        help_text = family.documentation.replace("\\", "\\\\").replace("\n", "\\n")
        name = f"{family.name}_total" if family.type == "counter" else family.name
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {family.type.replace('unknown', 'untyped')}"]
        for sample in family.samples:
            labels = ",".join(f'{k}="{_escape(v)}"' for k, v in sorted(sample.labels.items()))
            lines.append(f"{sample.name}{{{labels}}} {sample.value!r}")
    return ("\n".join(lines) + "\n").encode()


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
