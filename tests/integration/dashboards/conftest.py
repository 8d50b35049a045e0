"""A platform under load, an operator, and a Prometheus that reads both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from dashboards.prometheus.binaries import MISSING, Binaries, find_binaries
from dashboards.prometheus.configuration import gateway_scrape
from tests.integration.conftest import StartPlatform
from tests.integration.dashboards.load import BATCHES_A_MINUTE, under_load
from tests.integration.dashboards.prometheus_server import Prometheus
from tests.integration.platform import Platform


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """Prometheus and promtool."""
    found = find_binaries()
    if found is None:
        pytest.skip(MISSING)
    return found


@pytest.fixture(scope="module")
async def busy(start_platform: StartPlatform) -> AsyncIterator[Platform]:
    """A platform that clients work with, some of them more often than they may."""
    platform = await start_platform(RATE_LIMIT_BATCH=str(BATCHES_A_MINUTE))
    async with under_load(platform):
        yield platform
    await platform.stop()


@pytest.fixture(scope="module")
async def prometheus(
    binaries: Binaries, busy: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Prometheus]:
    """Prometheus that reads every process by itself, as on Kubernetes and with compose."""
    server = Prometheus(binaries, tmp_path_factory.mktemp("prometheus"), scrapes(busy))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def merging(
    binaries: Binaries, busy: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Prometheus]:
    """Prometheus that reads everything through the gateway, as ``make dashboards`` does."""
    scrape = gateway_scrape(busy.origin.removeprefix("http://"), busy.name)
    server = Prometheus(binaries, tmp_path_factory.mktemp("merging"), [scrape])
    await server.start()
    yield server
    await server.stop()


def scrapes(platform: Platform) -> list[dict[str, Any]]:
    """The gateway's own samples through its API, the other services at their admin ports."""
    labels = {"namespace": "default", "deployment": platform.name}

    def target(url: str, service: str) -> list[dict[str, Any]]:
        return [{"targets": [url.removeprefix("http://")], "labels": labels | {"service": service}}]

    gateway = {
        "job_name": "dino-gateway",
        "metrics_path": "/api/v1/metrics",
        "honor_labels": True,
        "static_configs": target(platform.origin, "gateway"),
        "metric_relabel_configs": [{"source_labels": ["service"], "regex": "gateway", "action": "keep"}],
    }
    services = ("inference", "video", "analytics")
    admin = [entry for service in services for entry in target(platform.admin_url(service), service)]
    return [gateway, {"job_name": "dino-services", "static_configs": admin}]
