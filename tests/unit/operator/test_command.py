"""``dino operator render``: manifests in, objects out, faults in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.operator.building import manifest
from typer.testing import CliRunner, Result

from dino_cli.app import app
from dino_operator.render import Facts, render
from dino_operator.spec import read_resource


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["operator", "render", *arguments], input=stdin)


def written(folder: Path, *manifests: dict[str, Any]) -> str:
    path = folder / "dino.yaml"
    path.write_text(yaml.safe_dump_all(manifests))
    return str(path)


def test_objects_are_printed_as_yaml_and_as_json(tmp_path: Path) -> None:
    expected = render(read_resource(manifest()), Facts())
    file = written(tmp_path, manifest())
    assert list(yaml.safe_load_all(run("-f", file).stdout)) == expected
    assert json.loads(run("-f", file, "--json").stdout) == expected


def test_stdin_and_several_resources(tmp_path: Path) -> None:
    text = Path(written(tmp_path, manifest("one"), manifest("two"))).read_text()
    found = list(yaml.safe_load_all(run("-f", "-", "-n", "film", stdin=text).stdout))
    assert {item["metadata"]["labels"]["app.kubernetes.io/instance"] for item in found} == {"one", "two"}
    assert {item["metadata"]["namespace"] for item in found} == {"film"}


def test_what_the_cluster_has_decides(tmp_path: Path) -> None:
    file = written(tmp_path, manifest(video={"autoscaling": {"engine": "keda"}}, inference={"gpu": {}}))
    bare = run("-f", file)
    assert "KEDA is not installed" in bare.stderr
    assert "No spare nvidia.com/gpu" in bare.stderr
    full = run("-f", file, "--has", "keda", "--free-gpu", "nvidia.com/gpu=1")
    assert full.stderr == ""
    assert "kind: ScaledObject" in full.stdout


def test_faults_name_the_file_the_field_and_the_fix(tmp_path: Path) -> None:
    file = written(tmp_path, manifest(analytics={"replicas": 2}))
    result = run("-f", file, "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "INVALID_RESOURCE"
    assert file in error["message"]
    assert error["details"].startswith("spec: ")
    assert "set connections.vectorIndex" in error["details"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "exit_code", "words"),
    [
        (("-f", "/nowhere.yaml"), "", 2, "cannot be read"),
        (("-f", "-"), "a: [", 1, "stdin is not YAML"),
        (("-f", "-"), "- a", 1, "not an object"),
        (("-f", "-"), "", 1, "no DinoDeployment"),
        (("-f", "-"), "kind: Pod", 1, "not dinov3.io/v1alpha1 DinoDeployment"),
        (("-f", "-", "--has", "istio"), "", 2, "does not know istio"),
        (("-f", "-", "--free-gpu", "a"), "", 2, "not RESOURCE=COUNT"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str, ...], stdin: str, exit_code: int, words: str) -> None:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == exit_code
    assert words in result.stderr
    assert result.stdout == ""
