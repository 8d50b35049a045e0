"""``spec.telemetry``: traces, metrics and logs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Duration, Part, part


class ServiceMonitor(Part):
    """For the Prometheus operator; made where its CRD is installed."""

    enabled: bool = Field(True, description="Make one where the cluster knows ServiceMonitors.")
    interval: Duration = Field("30s", description="How often metrics are read.")
    labels: dict[str, str] | None = Field(None, max_length=32, description="Labels that your Prometheus selects by.")


class Telemetry(Part):
    """What the services tell about themselves."""

    otlp_endpoint: Annotated[str, Field(pattern=r"^https?://", max_length=2048)] | None = Field(
        None, description="OTLP collector (HTTP), such as http://collector:4318. Not set: no traces."
    )
    prometheus_url: Annotated[str, Field(pattern=r"^https?://", max_length=2048)] | None = Field(
        None, description="Prometheus that KEDA asks for queue depth and GPU use."
    )
    log_format: Literal["json", "console"] = Field("json", description="Form of the logs.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    service_monitor: ServiceMonitor = part(ServiceMonitor, "For the Prometheus operator.")
