"""The four dashboards and the files made of them."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards.generator.grafana import to_grafana
from dashboards.generator.inference import INFERENCE
from dashboards.generator.operators import OPERATOR
from dashboards.generator.overview import OVERVIEW
from dashboards.generator.panel import WIDTH, Dashboard, Panel, Row
from dashboards.generator.video import VIDEO

FOLDER = Path(__file__).resolve().parents[1]
DASHBOARDS = (OVERVIEW, INFERENCE, VIDEO, OPERATOR)


def json_of(dashboard: Dashboard) -> str:
    """Return the content of the dashboard's file."""
    return json.dumps(to_grafana(dashboard), indent=2, ensure_ascii=False) + "\n"


def layout_of(dashboard: Dashboard) -> str:
    """Return the dashboard as an HTML table, one cell a panel, for a page of docs."""
    lines = ["<table>"]
    for row in dashboard.rows:
        lines.append(f'<tr><th colspan="{WIDTH}" align="left">{row.title}</th></tr>')
        for line in _lines(row):
            lines.append("<tr>" + "".join(_cell(panel, last=panel is line[-1], line=line) for panel in line) + "</tr>")
    return "\n".join([*lines, "</table>"])


def _lines(row: Row) -> list[list[Panel]]:
    lines: list[list[Panel]] = [[]]
    for panel in row.panels:
        if sum(other.width for other in lines[-1]) + panel.width > WIDTH:
            lines.append([])
        lines[-1].append(panel)
    return lines


def _cell(panel: Panel, *, last: bool, line: list[Panel]) -> str:
    width = panel.width + (WIDTH - sum(other.width for other in line) if last else 0)
    return f'<td colspan="{width}">{panel.title}</td>'
