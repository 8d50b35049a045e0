"""The alert rules: right by promtool, each fires when it should and not otherwise, and each finds its metrics."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboards.prometheus.binaries import Binaries
from dashboards.prometheus.configuration import RULES

# Every value a text: 0x10 is eleven zeros here, not sixteen.
CASES: dict[str, Any] = yaml.load(Path(__file__).with_name("alert_cases.yaml").read_text(), yaml.BaseLoader)
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}


def promtool(binaries: Binaries, *arguments: str | Path) -> None:
    """Run it; its own words are the failure."""
    done = subprocess.run([str(binaries.promtool), *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_valid(binaries: Binaries):
    promtool(binaries, "check", "rules", RULES)


def test_every_alert_has_a_case():
    assert list(CASES) == list(ALERTS)


@pytest.mark.parametrize("alert", CASES)
@pytest.mark.parametrize("state", ["fires", "quiet"])
def test_alert_fires_when_it_should(binaries: Binaries, tmp_path: Path, alert: str, state: str):
    case = CASES[alert]
    series = [{"series": name, "values": values} for name, values in case[state].items()]
    expected = [{"labels": "{}", "value": 1}] if state == "fires" else []
    question = {
        "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
        "eval_time": case["at"],
        "exp_samples": expected,
    }
    tests = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [question]}],
    }
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump(tests))
    promtool(binaries, "test", "rules", file)


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_says_what_to_do(alert: str):
    rule = ALERTS[alert]
    notes = rule["annotations"]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert notes["runbook_url"] == f"docs/alerts.md#{alert.lower()}"
    assert notes["summary"][-1] != "."
    assert notes["description"].endswith(".")
    page = (RULES.parents[1] / "docs" / "alerts.md").read_text()
    assert re.search(rf"^## {alert}$", page, re.MULTILINE)
