"""Results of the look's benchmarks: one JSON of all parts, and tables of it."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"


def write(part: str, facts: dict[str, Any]) -> None:
    """Put a part's facts into ``results/look.json`` and draw the tables again."""
    path = RESULTS / "look.json"
    known = json.loads(path.read_text()) if path.is_file() else {}
    known[part] = {"python": platform.python_version(), **facts}
    path.write_text(json.dumps(known, indent=1) + "\n")
    (RESULTS / "look.md").write_text(tables(known))
    print((RESULTS / "look.md").read_text())


def tables(known: dict[str, Any]) -> str:
    """Return the page: a table for each list of rows."""
    lines = ["# The look of pictures, measured", "", "Written by `python -m benchmarks.look.objects`,"]
    lines += ["`python -m benchmarks.look.correspondences` and `python -m benchmarks.look.people`, on CPU. What is"]
    lines += ["measured and what the columns mean: [docs/look.md](../../docs/look.md#measured).", ""]
    for part, facts in sorted(known.items()):
        lines += [f"## {part.capitalize()}", ""]
        for name, value in facts.items():
            if not isinstance(value, list):
                lines.append(f"- {name.replace('_', ' ')}: {_shown(value)}")
        for name, rows in facts.items():
            if isinstance(rows, list) and rows:
                heads = list(rows[0])
                lines += ["", f"### {name.replace('_', ' ').capitalize()}", ""]
                lines.append("| " + " | ".join(head.replace("_", " ") for head in heads) + " |")
                lines.append("|" + "---|" * len(heads))
                lines += ["| " + " | ".join(_shown(row[head]) for head in heads) + " |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "–".join(str(one) for one in value)
    return "–" if value is None else str(value)
