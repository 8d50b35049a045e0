"""Every query of the platform's dashboards, asked of a Prometheus that reads a platform at work."""

from __future__ import annotations

import asyncio
import re

import pytest
from dashboards.generator.all import DASHBOARDS
from dashboards.generator.overview import OVERVIEW
from dashboards.generator.panel import Dashboard, Variable
from tests.integration.dashboards.prometheus_server import Prometheus
from tests.integration.dashboards.queries import SECONDS, asked, have_data
from tests.integration.platform import Platform

pytestmark = pytest.mark.slow
each = pytest.mark.parametrize("dashboard", [d for d in DASHBOARDS if d.name != "operator"], ids=lambda d: d.name)
# May be empty on a quiet platform; this one is not quiet.
FILLED = ("Errors by code", "Rate-limited requests", "Uploads", "Ends by outcome", "Wait, 95th percentile")


def choices_of(platform: Platform) -> dict[str, str]:
    return {"namespace": "default", "deployment": platform.name, "instance": ".+"}


@each
@pytest.mark.parametrize("chosen", ["one", "all"])
async def test_every_panel_has_data(prometheus: Prometheus, busy: Platform, dashboard: Dashboard, chosen: str):
    values = choices_of(busy)
    queries = asked(dashboard, values if chosen == "one" else dict.fromkeys(values, ".+"))
    assert len(queries) > 10
    for query in queries:
        await prometheus.query(query.expr)
    await have_data(prometheus, [query for query in queries if not query.empty])


@each
async def test_every_panel_has_data_through_the_gateway_alone(
    merging: Prometheus, busy: Platform, dashboard: Dashboard
):
    values = {"namespace": busy.name, "deployment": busy.name, "instance": ".+"}
    await have_data(merging, [query for query in asked(dashboard, values) if not query.empty])


async def test_panels_of_errors_jobs_and_limits_are_filled_by_such_load(prometheus: Prometheus, busy: Platform):
    queries = [query for query in asked(OVERVIEW, choices_of(busy)) if query.place.endswith(FILLED)]
    assert len(queries) == len(FILLED)
    await have_data(prometheus, queries)


@each
async def test_every_variable_offers_the_deployment(prometheus: Prometheus, busy: Platform, dashboard: Dashboard):
    expected = {"namespace": {"default"}, "deployment": {busy.name}}
    for variable in dashboard.variables:
        found = await offered(prometheus, variable)
        assert found == expected.get(variable.name, found)


async def offered(prometheus: Prometheus, variable: Variable) -> set[str]:
    """What Grafana offers, once there is anything."""
    metric = re.sub(r"\$\w+", ".+", variable.metric)
    async with asyncio.timeout(SECONDS):
        while True:
            if found := set(await prometheus.ask(f"/label/{variable.source}/values", **{"match[]": metric})):
                return found
            await asyncio.sleep(0.2)
