"""Every query of every dashboard, asked of a Prometheus that reads a platform at work."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass

import pytest
from dashboards.generator.all import DASHBOARDS
from dashboards.generator.panel import Dashboard, Query, Variable
from tests.integration.dashboards.prometheus import Prometheus
from tests.integration.platform import Platform

pytestmark = pytest.mark.slow
SECONDS = 60.0
# Four scrapes at least, as Grafana's own choice.
WINDOW = "10s"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with its place and its variables filled in."""

    place: str
    expr: str
    empty: str


def asked(dashboard: Dashboard, values: dict[str, str]) -> list[Asked]:
    """Every query of the dashboard."""
    return [
        Asked(f"{dashboard.title} > {panel.title}", filled(query.expr, values), query.empty)
        for panel in dashboard.panels
        for query in panel.queries
    ]


def filled(expr: str, values: dict[str, str]) -> str:
    """The expression with its variables replaced."""
    for name, value in (values | {"__rate_interval": WINDOW}).items():
        expr = expr.replace(f"${name}", value)
    assert "$" not in expr, expr
    return expr


def has_data(samples: list) -> bool:
    """Whether any sample is a number: a quantile of nothing is none."""
    return any(math.isfinite(float(sample["value"][1])) for sample in samples)


async def without_data(prometheus: Prometheus, queries: list[Asked]) -> list[Asked]:
    """Return what is still empty after a while; a query that errs fails at once."""
    missing = queries
    try:
        async with asyncio.timeout(SECONDS):
            while missing:
                missing = [query for query in missing if not has_data(await prometheus.query(query.expr))]
                await asyncio.sleep(0.2)
    except TimeoutError:
        pass
    return missing


@pytest.mark.parametrize("dashboard", [d for d in DASHBOARDS if d.name != "operator"], ids=lambda d: d.name)
@pytest.mark.parametrize("chosen", ["one", "all"])
async def test_every_panel_has_data(prometheus: Prometheus, busy: Platform, dashboard: Dashboard, chosen: str):
    one = {"namespace": "default", "deployment": busy.name, "instance": ".+"}
    values = one if chosen == "one" else dict.fromkeys(one, ".+")
    queries = asked(dashboard, values)
    assert len(queries) > 10
    for query in queries:
        await prometheus.query(query.expr)
    missing = await without_data(prometheus, [query for query in queries if not query.empty])
    assert not missing, "\n".join(f"{query.place}: {query.expr}" for query in missing)


@pytest.mark.parametrize("dashboard", [d for d in DASHBOARDS if d.name != "operator"], ids=lambda d: d.name)
async def test_every_variable_offers_the_deployment(prometheus: Prometheus, busy: Platform, dashboard: Dashboard):
    expected = {"namespace": {"default"}, "deployment": {busy.name}}
    for variable in dashboard.variables:
        found = await choices(prometheus, variable)
        assert found == expected.get(variable.name, found)


async def choices(prometheus: Prometheus, variable: Variable) -> set[str]:
    """What Grafana offers, once there is anything."""
    metric = re.sub(r"\$\w+", ".+", variable.metric)
    async with asyncio.timeout(SECONDS):
        while True:
            if found := set(await prometheus.ask(f"/label/{variable.source}/values", **{"match[]": metric})):
                return found
            await asyncio.sleep(0.2)


async def test_panels_that_the_load_fills_are_not_excused(prometheus: Prometheus, busy: Platform):
    """Errors, jobs and rate limits may be empty on a quiet platform; this one is not quiet."""
    places = ("Errors by code", "Rate-limited requests", "Uploads", "Ends by outcome", "Wait, 95th percentile")
    values = {"namespace": "default", "deployment": busy.name, "instance": ".+"}
    queries = [query for query in asked(DASHBOARDS[0], values) if query.place.endswith(places)]
    assert len(queries) == len(places)
    missing = await without_data(prometheus, queries)
    assert not missing, "\n".join(f"{query.place}: {query.expr}" for query in missing)


def test_a_query_that_may_be_empty_says_why():
    excused = [
        query for dashboard in DASHBOARDS for panel in dashboard.panels for query in panel.queries if query.empty
    ]
    assert excused
    assert all(isinstance(query, Query) and len(query.empty) > 10 for query in excused)
