"""Write what of the chart is made from something else: ``python -m charts.refresh``.

- ``files/``: the definition of DinoDeployments, the dashboards and the alert rules;
- ``values.yaml`` and the table of its README: names, defaults and meanings of ``values.schema.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from dino_operator.crd import definition_yaml

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "charts" / "dinov3-platform"
DASHBOARDS = ROOT / "dashboards"
README = "README.md"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
# What the chart ships of the dashboards' folder, by its place there and in the chart.
SHIPPED = {"*.json": "files/dashboards", "*.yaml": "files/rules"}

Schema = dict[str, Any]


def contents() -> dict[str, str]:
    """Return the text of every written file by its path in the chart."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    found = {"files/crd.yaml": definition_yaml(), "values.yaml": values_yaml(schema)}
    for pattern, folder in SHIPPED.items():
        found |= {f"{folder}/{path.name}": path.read_text() for path in sorted(DASHBOARDS.glob(pattern))}
    page = (CHART / README).read_text()
    head, rest = page.split(BEGIN, 1)
    found[README] = f"{head}{BEGIN}\n\n{table(schema)}\n\n{END}{rest.split(END, 1)[1]}"
    return found


def superfluous() -> list[Path]:
    """Return shipped files whose source is gone."""
    written = contents()
    folders = [CHART / folder for folder in SHIPPED.values()]
    files = [path for folder in folders if folder.exists() for path in folder.iterdir()]
    return [path for path in files if path.relative_to(CHART).as_posix() not in written]


def defaults(schema: Schema) -> Any:
    """Return the default of a value; of an object with named parts, their defaults."""
    if "default" in schema or "properties" not in schema:
        return schema.get("default", {})
    return {name: defaults(child) for name, child in schema["properties"].items() if name != "global"}


def values_yaml(schema: Schema) -> str:
    """Return the commented values."""
    head = "# Values of the chart. Written from values.schema.json: python -m charts.refresh\n"
    return head + "".join(f"\n{block}" for block in _blocks(schema))


def _blocks(schema: Schema) -> Iterator[str]:
    for name, child in schema["properties"].items():
        if name != "global":
            yield _block(name, child, "")


def _block(name: str, schema: Schema, indent: str) -> str:
    lines = [f"{indent}# {schema['description']}{_choices(schema)}\n"]
    if "properties" in schema and "default" not in schema:
        lines.append(f"{indent}{name}:\n")
        lines += [_block(inner, child, indent + "  ") for inner, child in schema["properties"].items()]
    else:
        default = schema["default"]
        if isinstance(default, dict) and default:
            body = yaml.safe_dump(default, sort_keys=False, default_flow_style=False)
            lines.append(f"{indent}{name}:\n" + re.sub(r"^", indent + "  ", body.rstrip(), flags=re.MULTILINE) + "\n")
        else:
            lines.append(f"{indent}{name}: {json.dumps(default)}\n")
    return "".join(lines)


def _choices(schema: Schema) -> str:
    return f" One of {', '.join(schema['enum'])}." if "enum" in schema else ""


def table(schema: Schema) -> str:
    """Return the values as a table in Markdown."""
    rows = [f"| `{path}` | {_shown(child)} | {_meaning(child)} |" for path, child in leaves(schema)]
    return "\n".join(("| value | default | meaning |", "|---|---|---|", *rows))


def leaves(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every value that has no named parts, by its path."""
    for name, child in schema["properties"].items():
        if "properties" in child and "default" not in child:
            yield from leaves(child, f"{prefix}{name}.")
        elif name != "global":
            yield prefix + name, child


def _shown(schema: Schema) -> str:
    default = schema["default"]
    return "" if default in ("", [], {}) else f"`{json.dumps(default, ensure_ascii=False)}`"


def _meaning(schema: Schema) -> str:
    return (schema["description"] + _choices(schema)).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    for stale in superfluous():
        stale.unlink()
    for place, text in contents().items():
        path = CHART / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
