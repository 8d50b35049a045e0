"""The alert rules on a platform at work: none errs, each finds its series, and one sees a service die."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.dashboards.prometheus_server import Prometheus
from tests.integration.dashboards.queries import Asked, have_data
from tests.integration.dashboards.selectors import selectors
from tests.integration.dashboards.test_alerts import ALERTS
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform

pytestmark = pytest.mark.slow
SECONDS = 60.0
# Series of which there are none here.
ABSENT = {
    'dino_store_failures_total{store!="redis"}': "no store fails",
    "dino:http_errors:ratio_rate": "no request is answered with 5xx",
    "dino_gpu_memory": "there is no GPU",
    "dino_jobs_total{outcome!~": "no job fails",
    'dino_events_total{outcome="GIVEN_UP"}': "no event is given up",
    "kubelet_volume_stats": "no kubelet is read",
    "dino_video_frames_total": "no film is analysed",
    'dino_job_stage_duration_seconds_count{service="video"}': "no film is analysed",
    "dino_webhook_attempts_total": "there is no webhook",
    "dino_jobs_resumed_total": "no worker dies",
}
OF_PLATFORM = [name for name, rule in ALERTS.items() if "dino_operator" not in rule["expr"]]


async def test_every_alert_finds_its_series(prometheus: Prometheus, busy: Platform):
    wanted = {
        Asked(name, selector, "")
        for name in OF_PLATFORM
        for selector in selectors(ALERTS[name]["expr"])
        if not selector.startswith(tuple(ABSENT))
    }
    assert len(wanted) > 20
    await have_data(prometheus, wanted)


@pytest.mark.parametrize("alert", ALERTS)
async def test_expression_is_evaluated(prometheus: Prometheus, busy: Platform, alert: str):
    await prometheus.query(ALERTS[alert]["expr"])


async def test_rules_run_without_errors_and_nothing_fires(prometheus: Prometheus, busy: Platform):
    async def evaluated() -> bool:
        return all(rule["health"] != "unknown" for rule in await rules(prometheus))

    await until(evaluated, SECONDS)
    found = await rules(prometheus)
    assert {rule["name"]: rule.get("lastError") for rule in found if rule["health"] != "ok"} == {}
    seen = {rule["name"]: rule["state"] for rule in found if rule["type"] == "alerting"}
    assert set(seen) == set(ALERTS)
    assert {name for name, state in seen.items() if state == "firing"} == set()


async def test_dead_service_is_seen(prometheus: Prometheus, busy: Platform):
    """Last in the module: the video service comes back for whoever follows."""
    about_it = {"DinoNoVideo", "DinoProcessDown"}

    async def seen() -> bool:
        return about_it <= await active(prometheus)

    async def over() -> bool:
        return not about_it & await active(prometheus)

    await busy.kill("video")
    try:
        await until(seen, SECONDS)
    finally:
        await busy.restart("video")
    await until(over, SECONDS)


async def rules(prometheus: Prometheus) -> list[dict[str, Any]]:
    return [rule for group in (await prometheus.ask("/rules"))["groups"] for rule in group["rules"]]


async def active(prometheus: Prometheus) -> set[str]:
    """Alerts whose expression holds; they fire when it does so for long enough."""
    return {alert["labels"]["alertname"] for alert in (await prometheus.ask("/alerts"))["alerts"]}
