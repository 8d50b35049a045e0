"""The CRD is current, structural, and says yes and no to the same resources as the models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from docs import generate_crd
from docs.generated_block import with_blocks
from tests.unit.operator.building import manifest
from tests.unit.operator.golden_files import CASES, FOLDER

from dino_operator.crd import definition, definition_yaml
from dino_operator.crd.definition import COMMAND, FILE
from dino_operator.spec import DinoDeploymentSpec
from dino_operator.spec.base import Part

ROOT = Path(__file__).parents[3]
VERSION = definition()["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]
FORBIDDEN = {
    "$ref",
    "$defs",
    "definitions",
    "allOf",
    "oneOf",
    "not",
    "nullable",
    "const",
    "patternProperties",
    "uniqueItems",
    "title",
    "discriminator",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "dependencies",
    "examples",
}


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from nodes(schema[key], f"{path}[]")


def as_json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """What jsonschema makes of it: the API server prunes unknown fields, here they are refused."""
    found = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key != "default"}
    if "properties" in found:
        found["properties"] = {name: as_json_schema(child) for name, child in found["properties"].items()}
        found["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = as_json_schema(found[key])
    return found


def validator() -> jsonschema.Draft202012Validator:
    loose = as_json_schema(SCHEMA)
    loose["properties"]["metadata"] = {"type": "object"}
    return jsonschema.Draft202012Validator(loose)


def parts(model: type[Part]) -> set[type[Part]]:
    found, todo = set[type[Part]](), [model]
    while todo:
        part = todo.pop()
        if part in found:
            continue
        found.add(part)
        for field in part.model_fields.values():
            todo += [kind for kind in _kinds(field.annotation) if issubclass(kind, Part)]
    return found


def _kinds(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _kinds(argument)


def test_the_file_is_current() -> None:
    assert (ROOT / "crds" / FILE).read_text(encoding="utf-8") == definition_yaml(), f"run: {COMMAND}"
    assert yaml.safe_load(definition_yaml()) == definition()


def test_the_page_is_current() -> None:
    page = generate_crd.PAGE.read_text(encoding="utf-8")
    assert with_blocks(page, generate_crd.blocks()) == page, "run: python -m docs.generate_crd"


@pytest.mark.parametrize(("path", "node"), list(nodes(SCHEMA)), ids=[path or "." for path, _ in nodes(SCHEMA)])
def test_every_node_is_structural(path: str, node: dict[str, Any]) -> None:
    assert not FORBIDDEN & set(node)
    if node.get("x-kubernetes-int-or-string"):
        assert "type" not in node
        assert node["anyOf"] == [{"type": "integer"}, {"type": "string"}]
        assert node["pattern"]
    else:
        assert node["type"] in ("object", "array", "string", "integer", "number", "boolean")
        assert "anyOf" not in node
    if node.get("type") == "object" and path != ".metadata":
        ways = ("properties", "additionalProperties", "x-kubernetes-preserve-unknown-fields")
        assert sum(way in node for way in ways) == 1
    if node.get("type") == "array":
        assert node["x-kubernetes-list-type"] in ("atomic", "set", "map")
        assert "maxItems" in node
    for rule in node.get("x-kubernetes-validations", ()):
        assert len(rule["message"]) > 20
        if "fieldPath" in rule:
            assert rule["fieldPath"][1:] in node["properties"]


def test_every_field_of_the_spec_is_explained() -> None:
    silent = [path for path, node in nodes(SCHEMA) if not path.endswith("[]") and "description" not in node]
    assert silent == [".metadata"]


def test_unknown_fields_are_kept_only_where_the_api_of_pods_is_passed_on() -> None:
    kept = {path.rpartition(".")[2] for path, node in nodes(SCHEMA) if "x-kubernetes-preserve-unknown-fields" in node}
    assert kept == {
        "affinity",
        "securityContext",
        "containerSecurityContext",
        "gatewayFrom[]",
        "metricsFrom[]",
        "model",  # of the status: the spec.model that a version runs, of whatever shape it was
    }


def test_defaults_are_valid() -> None:
    for path, node in nodes(SCHEMA):
        if "default" in node:
            jsonschema.validate(node["default"], as_json_schema(node))
            for name, child in node.get("properties", {}).items():
                assert node["default"].get(name) == child.get("default"), f"{path}.{name}"
    assert "default" not in SCHEMA["properties"]["spec"]["properties"]["inference"]["properties"]["replicas"]


def test_only_the_connections_are_required() -> None:
    assert SCHEMA["properties"]["spec"]["required"] == ["connections"]
    assert [name for name, field in DinoDeploymentSpec.model_fields.items() if field.is_required()] == ["connections"]


def test_rules_are_checked_on_both_sides() -> None:
    in_schema = [rule["rule"] for _, node in nodes(SCHEMA) for rule in node.get("x-kubernetes-validations", ())]
    for part in parts(DinoDeploymentSpec):
        for rule in part.rules:
            assert rule.cel in in_schema
            assert (rule.holds is None) == ("oldSelf" in rule.cel)


def test_subresources_and_columns_point_to_fields() -> None:
    known = {path for path, _ in nodes(SCHEMA)} | {".metadata.creationTimestamp"}
    scale = VERSION["subresources"]["scale"]
    columns = [column["jsonPath"].split("[?")[0] for column in VERSION["additionalPrinterColumns"]]
    assert {*scale.values(), *columns} <= known
    assert VERSION["subresources"]["status"] == {}
    assert definition()["spec"]["names"]["shortNames"] == ["dino"]


@pytest.mark.parametrize("case", CASES)
def test_good_resources_pass(case: str) -> None:
    given = yaml.safe_load((FOLDER / "in" / f"{case}.yaml").read_text())["resource"]
    assert [error.message for error in validator().iter_errors(given)] == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"inference": {"replicas": "3"}}, "spec.inference.replicas"),
        ({"inference": {"replicas": 1001}}, "spec.inference.replicas"),
        ({"inference": {"replica": 1}}, "spec.inference"),
        ({"inference": {"rollout": {"strategy": "fast"}}}, "spec.inference.rollout.strategy"),
        ({"thresholds": {"consistency": 101}}, "spec.thresholds.consistency"),
        ({"thresholds": {"categories": {"food": {"quality": -1}}}}, "spec.thresholds.categories.food.quality"),
        ({"video": {"storage": {"size": "10 GB"}}}, "spec.video.storage.size"),
        ({"model": {"sha256": "x"}}, "spec.model.sha256"),
        ({"gateway": {"route": {"parentRefs": []}}}, "spec.gateway.route.parentRefs"),
        ({"connections": None}, "spec.connections"),
    ],
)
def test_bad_resources_do_not(spec: dict[str, Any], path: str) -> None:
    assert [".".join(map(str, error.path)) for error in validator().iter_errors(manifest(**spec))] == [path]


def test_a_status_passes() -> None:
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Answers",
        "message": "A real inference answers.",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": 3,
    }
    status = {
        "observedGeneration": 3,
        "conditions": [condition],
        "model": {"version": "vit@0123456789ab"},
        "migration": {"phase": "ReEmbedding", "percent": 41.5, "summary": "ReEmbedding 42 %"},
        "inference": {"replicas": 3, "readyReplicas": 2, "selector": "a=b", "summary": "2/3"},
        "imagesPerSecond": 812.5,
        "scalingHistory": [{"time": "2026-01-01T00:00:00Z", "service": "inference", "before": 1, "after": 3}],
    }
    assert list(validator().iter_errors(manifest() | {"status": status})) == []
    condition["status"] = "Maybe"
    assert len(list(validator().iter_errors(manifest() | {"status": status}))) == 1
