"""Dashboards in Grafana's JSON: schema 39, which Grafana 10.4 wrote and every later one reads."""

from __future__ import annotations

from typing import Any

from dashboards.generator.panel import WIDTH, Dashboard, Panel, Query, Row, Variable

SCHEMA = 39
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LETTERS = "ABCDEFGHIJ"
# What a table of instant values does not need.
_HIDDEN = ("Time", "__name__", "job", "endpoint", "container", "otel_scope_name", "otel_scope_version")

Json = dict[str, Any]


def to_grafana(dashboard: Dashboard) -> Json:
    """Return the dashboard as Grafana imports it."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["dinov3-platform"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "DINOv3 platform",
                "tags": ["dinov3-platform"],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "templating": {"list": [_data_source(), *(_variable(variable) for variable in dashboard.variables)]},
        "panels": _placed(dashboard.rows),
    }


def _data_source() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0}


def _variable(variable: Variable) -> Json:
    query = f"label_values({variable.metric}, {variable.source})"
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": variable.name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        # Not `.*`: that would match what has no such label, other programs among it.
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
        "hide": 0,
    }


def _placed(rows: tuple[Row, ...]) -> list[Json]:
    placed: list[Json] = []
    top = 0
    for row in rows:
        placed.append(
            {
                "id": len(placed) + 1,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
                "panels": [],
            }
        )
        top += 1
        left = tallest = 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                top, left, tallest = top + tallest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            placed.append({"id": len(placed) + 1, "gridPos": place, **_panel(panel)})
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return placed


def _panel(panel: Panel) -> Json:
    reasons = dict.fromkeys(query.empty for query in panel.queries if query.empty)
    description = panel.description + "".join(f" Empty while {reason}." for reason in reasons)
    found: Json = {
        "type": panel.kind,
        "title": panel.title,
        "description": description,
        "datasource": _SOURCE,
        "targets": [
            _target(letter, query, instant=panel.kind == "table")
            for letter, query in zip(_LETTERS, panel.queries, strict=False)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    }
    if panel.kind == "table":
        hidden = dict.fromkeys(_HIDDEN, True)
        found["transformations"] = [{"id": "organize", "options": {"excludeByName": hidden}}]
    return found


def _target(letter: str, query: Query, *, instant: bool) -> Json:
    found: Json = {"refId": letter, "datasource": _SOURCE, "expr": query.expr, "legendFormat": query.legend or "__auto"}
    return found | ({"instant": True, "format": "table"} if instant else {"range": True})


def _defaults(panel: Panel) -> Json:
    steps = [{"color": "green", "value": None}, *({"color": c, "value": v} for v, c in panel.thresholds)]
    found: Json = {
        "unit": panel.unit,
        "min": None if panel.kind == "table" else 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
    }
    if panel.maximum is not None:
        found["max"] = panel.maximum
    if panel.decimals is not None:
        found["decimals"] = panel.decimals
    if panel.names:
        words = {f"{value:g}": {"text": text, "index": i} for i, (value, text) in enumerate(panel.names)}
        found["mappings"] = [{"type": "value", "options": words}]
    if panel.kind == "timeseries":
        found["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 20 if panel.stacked else 5,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if panel.thresholds else "off"},
        }
    return found


def _options(panel: Panel) -> Json:
    match panel.kind:
        case "timeseries":
            return {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
        case "stat":
            return {
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "colorMode": "value",
                "graphMode": "none" if panel.names else "area",
                "textMode": "auto",
                "justifyMode": "auto",
                "orientation": "auto",
            }
        case "table":
            return {"showHeader": True, "cellHeight": "sm"}
