"""Queries of dashboards with their variables filled in, asked until they have data."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboards.generator.panel import Dashboard
from tests.integration.dashboards.prometheus_server import Prometheus

SECONDS = 60.0
# Ten scrapes: as much smoothing as a test can wait for.
WINDOW = "10s"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with its place and its variables filled in."""

    place: str
    expr: str
    empty: str


def asked(dashboard: Dashboard, values: Mapping[str, str]) -> list[Asked]:
    """Return every query of the dashboard."""
    return [
        Asked(f"{dashboard.title} > {panel.title}", filled(query.expr, values), query.empty)
        for panel in dashboard.panels
        for query in panel.queries
    ]


def filled(expr: str, values: Mapping[str, str]) -> str:
    """Return the expression with its variables replaced."""
    for name, value in {**values, "__rate_interval": WINDOW}.items():
        expr = expr.replace(f"${name}", value)
    assert "$" not in expr, expr
    return expr


async def have_data(prometheus: Prometheus, queries: Iterable[Asked]) -> None:
    """Return once every query has a sample that is a number (a quantile of nothing is none).

    Raises:
        AssertionError: Prometheus refuses a query, or some have none after a while; the message names them.
    """
    missing = list(queries)
    assert missing
    end = asyncio.get_running_loop().time() + SECONDS
    while missing := [query for query in missing if not await _has_data(prometheus, query.expr)]:
        words = "\n".join(f"{query.place}: {query.expr}" for query in missing)
        assert asyncio.get_running_loop().time() < end, f"no data after {SECONDS:g} s:\n{words}"
        await asyncio.sleep(0.2)


async def _has_data(prometheus: Prometheus, expr: str) -> bool:
    return any(math.isfinite(float(sample["value"][1])) for sample in await prometheus.query(expr))
