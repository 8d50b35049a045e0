"""Write the dashboards' files, and the pictures of them in docs/monitoring.md."""

from __future__ import annotations

from dashboards.generator.all import DASHBOARDS, FOLDER, json_of, layout_of
from docs.generated_block import DOCS, write


def main() -> None:
    """Write every file."""
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.name}.json").write_text(json_of(dashboard), encoding="utf-8")
    write(DOCS / "monitoring.md", {dashboard.name: layout_of(dashboard) for dashboard in DASHBOARDS})


if __name__ == "__main__":
    main()
