"""OpenTelemetry of a process: traces over OTLP when an endpoint is set, metrics for Prometheus always."""

from __future__ import annotations

import logging

from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import REGISTRY, generate_latest

from dino_common import __version__
from dino_common.settings import Settings

log = logging.getLogger(__name__)


class Telemetry:
    """The providers of a process; ``shutdown`` sends what is pending."""

    def __init__(self, settings: Settings, service: str) -> None:
        """Install the global providers.

        Args:
            settings: ``OTEL_EXPORTER_OTLP_ENDPOINT`` switches traces and OTLP metrics on.
            service: becomes ``service.name`` as ``dino-<service>``.
        """
        resource = Resource.create(
            {
                "service.name": f"dino-{service}",
                "service.version": __version__,
                "service.namespace": settings.prefix,
                "service.instance.id": settings.instance,
            }
        )
        readers: list[MetricReader] = [PrometheusMetricReader(disable_target_info=True)]
        self._tracer: TracerProvider | None = None
        if settings.otlp_endpoint:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
            self._tracer = TracerProvider(resource=resource)
            self._tracer.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=1000))
            trace.set_tracer_provider(self._tracer)
            log.info("sending traces and metrics to %s", settings.otlp_endpoint)
        self._meter = MeterProvider(resource=resource, metric_readers=readers)
        metrics.set_meter_provider(self._meter)

    def shutdown(self) -> None:
        """Send what is pending and stop."""
        if self._tracer is not None:
            self._tracer.shutdown()
        self._meter.shutdown(timeout_millis=3000)


def metrics_text() -> bytes:
    """Return the process's metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
