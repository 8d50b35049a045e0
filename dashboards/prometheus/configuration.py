"""How Prometheus reads a platform on one machine: everything through its gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboards.generator.all import FOLDER

RULES = FOLDER / "alerts.yaml"


def gateway_scrape(address: str, deployment: str) -> dict[str, Any]:
    """Return the scrape of one gateway that answers for every process.

    Args:
        address: ``host:port``.
        deployment: value of the labels ``namespace`` and ``deployment``.
    """
    labels = {"namespace": deployment, "deployment": deployment, "service": "gateway"}
    return {
        "job_name": "dino",
        "metrics_path": "/api/v1/metrics",
        # service and instance are the process's own.
        "honor_labels": True,
        "static_configs": [{"targets": [address], "labels": labels}],
    }


def configuration(scrapes: list[dict[str, Any]], seconds: int, rules: Path = RULES) -> dict[str, Any]:
    """Return a configuration that reads every so many seconds."""
    interval = f"{seconds}s"
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(rules)],
        "scrape_configs": scrapes,
    }
