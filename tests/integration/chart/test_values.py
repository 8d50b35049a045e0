"""The chart's values: written from one schema, checked by it, and refused in words where they are wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from charts.refresh import contents, defaults, leaves, superfluous
from tests.integration.chart.helm import CHART, CI, Helm, Refused

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())


def test_what_is_made_from_other_files_is_fresh() -> None:
    stale = [place for place, text in contents().items() if not _same(CHART / place, text)]
    assert not [*stale, *superfluous()], "run: make chart"


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def test_the_schema_is_one_and_takes_every_values_file() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for path in (CHART / "values.yaml", *CI):
        jsonschema.validate(yaml.safe_load(path.read_text()) or {}, SCHEMA)


def test_values_are_the_defaults_that_the_schema_says() -> None:
    assert yaml.safe_load((CHART / "values.yaml").read_text()) == defaults(SCHEMA)


def test_every_value_is_described_and_no_other_is_taken() -> None:
    for path, schema in leaves(SCHEMA):
        assert schema["description"].endswith("."), path
        assert "default" in schema, path
    pending = [("", SCHEMA)]
    while pending:
        path, schema = pending.pop()
        if "properties" in schema and not path.endswith("[]"):
            assert schema.get("additionalProperties") is False, path
            pending += [(f"{path}.{name}", child) for name, child in schema["properties"].items()]


@pytest.mark.parametrize("values", CI, ids=lambda path: path.name)
def test_lint_finds_nothing(values: Path) -> None:
    said = Helm().run("lint", CHART, "--strict", "--values", values)
    assert "0 chart(s) failed" in said


WRONG = [
    ({"replicas": 2}, "replicas"),
    ({"operator": {"replicas": "two"}}, "operator/replicas"),
    ({"operator": {"replicas": 9}}, "operator/replicas.* 5"),
    ({"operator": {"logLevel": "loud"}}, "operator/logLevel.*DEBUG.*INFO.*WARNING.*ERROR"),
    ({"operator": {"image": {"tag": "with space"}}}, "operator/image/tag"),
    ({"operator": {"image": {"digest": "sha256:abc"}}}, "operator/image/digest"),
    ({"operator": {"watchNamespaces": "team-a"}}, "operator/watchNamespaces"),
    ({"operator": {"watchNamespace": ["team-a"]}}, "watchNamespace"),
    ({"operator": {"otlpEndpoint": "collector:4317"}}, "operator/otlpEndpoint"),
    ({"bundled": {"enabled": "yes"}}, "bundled/enabled"),
    ({"bundled": {"nats": {"size": "much"}}}, "bundled/nats/size"),
    ({"bundled": {"redis": {"enabled": True}}}, "redis"),
    ({"sample": {"name": "Upper"}}, "sample/name"),
]


@pytest.mark.parametrize(("values", "words"), WRONG, ids=[words for _, words in WRONG])
def test_wrong_values_are_refused_and_named(values: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(Refused, match="values don't meet the specifications of the schema") as caught:
        Helm().template("--values", path)
    # Helm 4 writes paths with slashes, Helm 3 with dots.
    assert re.search(words.replace("/", "[./]"), str(caught.value)), caught.value


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample.enabled": True}, "set bundled.enabled=true to run some"),
        (
            {"sample.enabled": True, "bundled.enabled": True, "operator.watchNamespaces": ["team-a"]},
            "add it to operator.watchNamespaces",
        ),
        ({"operator.serviceAccount.create": False}, "operator.serviceAccount.name: name the account"),
    ],
)
def test_values_that_contradict_each_other_say_the_fix(values: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as caught:
        Helm().template(**values)
    assert words in str(caught.value)
