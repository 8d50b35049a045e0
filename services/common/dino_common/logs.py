"""Structured logs: JSON lines with trace ids, or readable lines on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from dino_common.settings import Settings

_NOISY = (
    "botocore",
    "boto3",
    "urllib3",
    "nats",
    "pymongo",
    "uvicorn.access",
    "s3transfer",
    "httpx",
    "asyncio",
)


class _Formatter(JsonFormatter):
    def __init__(self, service: str, instance: str) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            static_fields={"service": service, "instance": instance},
        )

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            log_data["trace_id"] = f"{span.trace_id:032x}"
            log_data["span_id"] = f"{span.span_id:016x}"


def configure_logs(settings: Settings, service: str) -> None:
    """Send every log record of the process to stderr in the configured format."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(_Formatter(service, settings.instance))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
