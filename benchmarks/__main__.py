"""Every benchmark, one after the other, each in a process of its own: ``python -m benchmarks [--quick]``.

``--quick`` measures serving with few rounds and leaves out what takes more than some minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

# Name, arguments, and whether it belongs to the quick run. Serving first: it wants a cool, quiet machine.
BENCHMARKS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("serving", ("--profile",), True),
    ("cpu_engines", (), False),
    ("batching", (), False),
    ("index_search", (), False),
    ("text_search", (), False),
    ("quality_validation", (), True),
    ("labelled.report", (), False),
    ("sets", (), False),
    ("consistency", (), False),
    ("video.boundaries", (), False),
    ("video.throughput", (), False),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few minutes in place of the better part of an hour")
    quick = parser.parse_args().quick
    failed = []
    for name, arguments, short in BENCHMARKS:
        if quick and not short:
            continue
        extra = ("--quick",) if quick and name == "serving" else ()
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments, *extra]
        print(f"== {' '.join(command[1:])}", flush=True)
        began = time.monotonic()
        status = subprocess.run(command, check=False).returncode
        print(
            f"== {name}: {'done' if status == 0 else f'failed ({status})'}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        if status:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
