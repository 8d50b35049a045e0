"""The golden files: a resource and facts in, every rendered object and notice out.

``python -m tests.unit.operator.golden_files`` writes what the rendering says today; read the difference before you
commit it.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from dino_operator.manifest_yaml import manifest_yaml
from dino_operator.render import Facts, ModelVersion, notices, render
from dino_operator.spec import DinoDeployment, read_resource
from dino_operator.spec.model import Model

FOLDER = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in (FOLDER / "in").glob("*.yaml"))


def load(case: str) -> tuple[DinoDeployment, Facts]:
    """Return the input of a case."""
    given = yaml.safe_load((FOLDER / "in" / f"{case}.yaml").read_text())
    facts: dict[str, Any] = dict(given.get("facts") or {})
    for name in ("apis", "crds"):
        if name in facts:
            facts[name] = frozenset(facts[name])
    facts["model_versions"] = tuple(
        ModelVersion(**{**version, "model": Model.model_validate(version["model"])})
        for version in facts.get("model_versions", ())
    )
    return read_resource(given["resource"], strict=True), Facts(**facts)


def rendered(case: str) -> str:
    """Return the output of a case as YAML: notices first, as comments."""
    resource, facts = load(case)
    lines = [f"# {asdict(notice)}\n" for notice in notices(resource, facts)]
    return "".join(lines) + manifest_yaml(render(resource, facts), compact=True)


def main() -> None:
    """Write every output."""
    (FOLDER / "out").mkdir(exist_ok=True)
    for path in (FOLDER / "out").glob("*.yaml"):
        if path.stem not in CASES:
            path.unlink()
    for case in CASES:
        (FOLDER / "out" / f"{case}.yaml").write_text(rendered(case))


if __name__ == "__main__":
    main()
