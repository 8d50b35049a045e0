"""Long computations on a set in a process of their own, so that the service goes on answering; small ones in a thread.

A child can be killed in the moment in which its job is cancelled, and gives all of its memory back.
"""

from __future__ import annotations

import asyncio
import logging
import os
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import numpy as np

from dino_analytics.core.sets.works import WORKS
from dino_analytics.sets.shared_rows import descriptor, mapped
from dino_common.bus import codec
from dino_common.errors import ProcessingFailed

log = logging.getLogger(__name__)

SMALL = 1500
"""Rows up to which a thread does the work: less than a second, for which no process need be started."""
Progress = Callable[[float, str], Awaitable[None]]
_HEAD = struct.Struct("<I")
_children = asyncio.Semaphore(1)


async def work_on(
    work: str, rows: np.ndarray, options: dict[str, Any], progress: Progress, *, small: int = SMALL
) -> dict[str, Any]:
    """Run a work of ``core.sets.works`` on rows and return what it returns.

    One child at a time: two would only take the cores from each other.

    Args:
        work: its name.
        rows: float32 (n, d), made by ``shared_rows``.
        options: plain values and arrays.
        progress: awaited with the share done, 0–1, and the stage.
        small: rows up to which a thread does it.

    Raises:
        ProcessingFailed: the child died, of too little memory for example.
    """
    if len(rows) <= small:
        return await _in_thread(work, rows, options, progress)
    async with _children:
        return await _in_child(work, rows, options, progress)


async def _in_thread(work: str, rows: np.ndarray, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    told: list[tuple[float, str]] = []
    heard = asyncio.Event()

    def tell(share: float, stage: str) -> None:
        told[:] = [(share, stage)]
        loop.call_soon_threadsafe(heard.set)

    task = asyncio.ensure_future(asyncio.to_thread(WORKS[work], rows, options, tell))
    try:
        while not task.done():
            waiting = asyncio.ensure_future(heard.wait())
            await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            heard.clear()
            if told and not task.done():
                await progress(*told[-1])
        return task.result()
    except asyncio.CancelledError:
        # The thread ends by itself, within about a second; nobody takes its answer.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise


async def _in_child(work: str, rows: np.ndarray, options: dict[str, Any], progress: Progress) -> dict[str, Any]:
    handle = descriptor(rows)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(handle)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(handle,),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    complaint = asyncio.ensure_future(process.stderr.read())
    try:
        request = codec.pack({"work": work, "count": len(rows), "dimension": rows.shape[1], "options": options})
        process.stdin.write(_HEAD.pack(len(request)) + request)
        with suppress(ConnectionError):  # it died; what it says is read below
            await process.stdin.drain()
        while True:
            try:
                (size,) = _HEAD.unpack(await process.stdout.readexactly(_HEAD.size))
                message = codec.unpack(await process.stdout.readexactly(size))
            except asyncio.IncompleteReadError:
                status = await process.wait()
                last = (await complaint).decode(errors="replace").strip().splitlines()[-1:]
                log.error("%s on %d rows ended with %s: %s", work, len(rows), status, " ".join(last))
                raise ProcessingFailed(
                    f"The computation ended early on {len(rows)} pictures",
                    details="Give the analytics service more memory, or look at fewer pictures.",
                ) from None
            if "result" in message:
                await process.wait()
                return message["result"]
            await progress(message["share"], message["stage"])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        complaint.cancel()


def main(arguments: list[str]) -> None:
    """Do one work on the rows behind the descriptor in `arguments[0]`, at low priority."""
    os.nice(5)
    given, taken = sys.stdin.buffer, sys.stdout.buffer
    (size,) = _HEAD.unpack(given.read(_HEAD.size))
    request = codec.unpack(given.read(size))

    def send(message: dict[str, Any]) -> None:
        data = codec.pack(message)
        taken.write(_HEAD.pack(len(data)) + data)
        taken.flush()

    rows = mapped(int(arguments[0]), request["count"], request["dimension"])
    result = WORKS[request["work"]](
        rows, request["options"], lambda share, stage: send({"share": share, "stage": stage})
    )
    send({"result": result})


if __name__ == "__main__":
    main(sys.argv[1:])
