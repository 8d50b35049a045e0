"""Analyses of one film take turns once they store keyframes: one's cleaning must not take what another counts on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from dino_common.bus.job_context import JobContext
from dino_common.errors import Conflict
from dino_common.stores.content_lock import ContentLock, Lease

WAITING = "waiting for another analysis of the film"
_PATIENCE_SECONDS = 0.5


def turn_of(film: str) -> str:
    """Return the name of the film's lock."""
    return f"analysis:{film}"


@asynccontextmanager
async def film_turn(locks: ContentLock, film: str, job: JobContext) -> AsyncIterator[Lease]:
    """Wait until no other analysis of the film is past decoding, in any process, and keep others out inside the block.

    Raises:
        asyncio.CancelledError: the job was cancelled while it waited, or another worker has begun it.
        ServiceUnavailable: MongoDB does not answer.
    """
    async with AsyncExitStack() as stack:
        while True:
            try:
                lease = await stack.enter_async_context(locks.hold(turn_of(film), patience=_PATIENCE_SECONDS))
                break
            except Conflict:
                await job.advance(0, None, WAITING)
        yield lease
