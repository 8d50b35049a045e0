"""Measure sets: ``python -m benchmarks.sets [part ...]``; writes benchmarks/results/sets.{json,md}."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.sets.table import as_markdown

RESULTS = Path("benchmarks/results")
PARTS = ("clusters", "duplicates", "anomalies", "scale")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all of them when none is named")
    path = RESULTS / "sets.json"
    for part in parser.parse_args().parts or PARTS:
        print(f"== {part}", flush=True)
        if part == "scale":
            from benchmarks.sets.scale import measure
        elif part == "clusters":
            from benchmarks.sets.clusters import measure
        elif part == "duplicates":
            from benchmarks.sets.duplicates import measure
        else:
            from benchmarks.sets.anomalies import measure
        measured = measure()
        # Read only now: parts may be measured side by side.
        found = (json.loads(path.read_text()) if path.exists() else {}) | {part: measured}
        path.write_text(json.dumps(found, indent=1) + "\n")
        (RESULTS / "sets.md").write_text(as_markdown(found))
    print((RESULTS / "sets.md").read_text())


if __name__ == "__main__":
    main()
