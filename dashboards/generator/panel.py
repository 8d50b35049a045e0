"""Panels, queries and dashboards as plain values; nothing here knows Grafana's format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["timeseries", "stat", "table"]
WIDTH = 24


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression.

    Attributes:
        expr: may hold ``$namespace``, ``$deployment``, ``$instance`` and ``$__rate_interval``.
        legend: name of a series, with ``{{label}}``.
        empty: why it may have no data on a platform that works; empty when it must have some.
    """

    expr: str
    legend: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Attributes:
        title: what it shows; unique in its row.
        description: the question it answers, and what a bad answer looks like.
        unit: Grafana's name of it: ``reqps``, ``s``, ``bytes``, ``Bps``, ``percentunit``, ``ops``, ``short``, ...
        thresholds: (value, colour) from which the colour holds, rising; green below the first.
        names: words for values, such as ``{1: "up"}``.
        width, height: of a grid 24 wide.
    """

    title: str
    description: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Kind = "timeseries"
    thresholds: tuple[tuple[float, str], ...] = ()
    names: tuple[tuple[float, str], ...] = ()
    stacked: bool = False
    maximum: float | None = None
    decimals: int | None = None
    width: int = 8
    height: int = 8


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice above the dashboard: the values of a label of a metric, any number of them, or all."""

    name: str
    label: str
    metric: str
    source: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of Grafana; ``uid`` and ``name`` of the file never change."""

    name: str
    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, from top to bottom."""
        return tuple(panel for row in self.rows for panel in row.panels)
