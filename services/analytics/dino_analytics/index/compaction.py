"""Builds the search graph of a copied shard, as a program of its own.

Building the graph of 100,000 vectors takes minutes of processor time and Qdrant Edge holds the interpreter lock all
the while, so it must not happen in the process that answers requests.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dino_analytics.index.errors import IndexUnavailable


async def optimize_copy(path: Path, dimension: int) -> None:
    """Run this module on a shard directory that no process has open; IndexUnavailable when it fails."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(path), str(dimension)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:]
        raise IndexUnavailable(f"building the search graph failed: {' '.join(last)}")


def main(arguments: list[str]) -> None:
    """Optimise the shard at `arguments[0]` of width `arguments[1]`, at low priority."""
    import os

    from dino_analytics.index.shard import Shard

    os.nice(10)
    shard = Shard(Path(arguments[0]), int(arguments[1]))
    shard.optimize()
    shard.close()


if __name__ == "__main__":
    main(sys.argv[1:])
