"""Speaks to the process that runs the bare model."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Forward:
    """What the bare process measures.

    Attributes:
        text: for the report.
        engine: openvino or torch.
        batch: pictures in a call.
        jpeg: from JPEG bytes, decoded in a thread beside; otherwise from pixels.
    """

    text: str
    engine: str
    batch: int
    jpeg: bool = False


FORWARDS = (
    Forward("our engine, batch 1", "openvino", 1),
    Forward("our engine, batch 4", "openvino", 4),
    Forward("our engine, batch 8", "openvino", 8),
    Forward("PyTorch eager, batch 1", "torch", 1),
    Forward("PyTorch, batch 8", "torch", 8),
    Forward("our engine from JPEG, batch 8, decoding beside, no HTTP", "openvino", 8, jpeg=True),
)


class Bare:
    """The process."""

    def __init__(self, process: asyncio.subprocess.Process, first_feature: list[float]) -> None:
        """Use ``start``."""
        self._process = process
        self.first_feature = first_feature

    @classmethod
    async def start(cls) -> Bare:
        """Start it and wait until both engines ran."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.serving.bare",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async for line in process.stdout:
            if line.startswith(b'{"ready"'):
                return cls(process, json.loads(line)["first_feature"])
        raise RuntimeError("the bare model's process ended before it was ready")

    async def measure(self, forward: Forward, count: int) -> tuple[float, float]:
        """Return pictures a second and processor milliseconds a picture."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**asdict(forward), "count": count}).encode() + b"\n")
        await self._process.stdin.drain()
        answer = json.loads(await self._process.stdout.readline())
        return count / answer["wall"], 1000 * answer["cpu"] / count

    async def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
