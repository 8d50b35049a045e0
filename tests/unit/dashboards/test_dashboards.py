"""The dashboards' files: current, well laid out, and about metrics that there are."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboards.generator.all import DASHBOARDS, FOLDER, json_of, layout_of
from dashboards.generator.panel import WIDTH, Dashboard
from docs.generated_block import DOCS, with_blocks
from tests.unit.dashboards.exposed import FOREIGN, exposed
from tests.unit.dashboards.promql_names import metric_names

UIDS = {
    "overview": "dinov3-overview",
    "inference": "dinov3-inference",
    "video": "dinov3-video",
    "operator": "dinov3-operator",
}
each = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)


def grafana(dashboard: Dashboard) -> dict[str, Any]:
    return json.loads((FOLDER / f"{dashboard.name}.json").read_text(encoding="utf-8"))


@each
def test_file_is_current(dashboard: Dashboard):
    written = (FOLDER / f"{dashboard.name}.json").read_text(encoding="utf-8")
    assert written == json_of(dashboard), "run: python -m dashboards.generator"


def test_pictures_of_the_page_are_current():
    page = (DOCS / "monitoring.md").read_text(encoding="utf-8")
    blocks = {dashboard.name: layout_of(dashboard) for dashboard in DASHBOARDS}
    assert with_blocks(page, blocks) == page, "run: python -m dashboards.generator"


def test_links_to_dashboards_stay():
    assert {dashboard.name: grafana(dashboard)["uid"] for dashboard in DASHBOARDS} == UIDS
    assert {path.stem for path in FOLDER.glob("*.json")} == set(UIDS)


@each
def test_ids_are_unique(dashboard: Dashboard):
    ids = [panel["id"] for panel in grafana(dashboard)["panels"]]
    assert sorted(ids) == list(range(1, len(ids) + 1))


@each
def test_no_panels_overlap(dashboard: Dashboard):
    places = [panel["gridPos"] for panel in grafana(dashboard)["panels"]]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= WIDTH
    for one, two in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        below = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or below, (one, two)


@each
def test_every_panel_asks_and_explains(dashboard: Dashboard):
    panels = [panel for panel in grafana(dashboard)["panels"] if panel["type"] != "row"]
    assert len(panels) == len(dashboard.panels)
    for panel in panels:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"], panel["title"]
        assert all(target["expr"] for target in panel["targets"])
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))
        assert panel["datasource"]["uid"] == "${datasource}"


@each
def test_titles_name_one_panel_of_a_row(dashboard: Dashboard):
    for row in dashboard.rows:
        titles = [panel.title for panel in row.panels]
        assert len(titles) == len(set(titles)), row.title


@each
def test_variables_of_the_queries_are_there(dashboard: Dashboard):
    offered = {variable.name for variable in dashboard.variables} | {"__rate_interval"}
    for panel in dashboard.panels:
        for query in panel.queries:
            used = {part.split('"')[0].split("]")[0].split(")")[0] for part in query.expr.split("$")[1:]}
            assert used <= offered, query.expr


@each
def test_every_metric_of_the_panels_exists(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch):
    known = exposed(monkeypatch) | FOREIGN
    for panel in dashboard.panels:
        for query in panel.queries:
            named = metric_names(query.expr)
            assert named, query.expr
            assert named <= known, panel.title
    for variable in dashboard.variables:
        assert metric_names(variable.metric) <= known


def test_every_metric_of_the_rules_exists(monkeypatch: pytest.MonkeyPatch):
    rules = [rule for group in _groups() for rule in group["rules"]]
    known = exposed(monkeypatch) | FOREIGN | {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        named = metric_names(rule["expr"])
        assert named, rule
        assert named <= known, rule


def test_every_metric_is_shown_or_watched(monkeypatch: pytest.MonkeyPatch):
    queries = [query.expr for board in DASHBOARDS for panel in board.panels for query in panel.queries]
    queries += [rule["expr"] for group in _groups() for rule in group["rules"]]
    named = {_family(name) for query in queries for name in metric_names(query)}
    assert sorted({_family(name) for name in exposed(monkeypatch)} - named) == []


def _family(name: str) -> str:
    for suffix in ("_bucket", "_sum", "_count"):
        name = name.removesuffix(suffix)
    return name


def _groups() -> list[dict[str, Any]]:
    return yaml.safe_load(Path(FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ('sum by (le, job) (rate(a_total{b="c_d"}[$__rate_interval])) / x:y', {"a_total", "x:y"}),
        ("max(a) unless b offset 15m > 0 and on (c, d) f == 1", {"a", "b", "f"}),
        ("histogram_quantile(0.95, sum by (le) (rate(h_bucket[5m]))) > 14.4 * 0.001", {"h_bucket"}),
    ],
)
def test_names_of_an_expression(expr: str, names: set[str]):
    assert metric_names(expr) == names
