"""What a job's handler is given: identity, deadline, checkpoint, and the way to tell how far it is."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from dino_common.bus.context import Context
from dino_common.contracts.jobs import JobProgress

_TELL_EVERY = 0.25


class JobHandler(Protocol):
    """Runs a job of one operation from its request, or from where an earlier worker stopped."""

    def __call__(self, job: JobContext, request: Any, /) -> Awaitable[BaseModel | dict[str, Any]]:
        """Return the operation's answer."""
        ...


@dataclass(slots=True)
class JobContext(Context):
    """What a job's handler knows and may tell.

    Attributes:
        checkpoint: what the handler last saved with ``advance``; None at the first attempt.
        afterwards: run once the answer is stored, and only then: what a later worker would have resumed from may
            be removed there. What they raise is logged.
        on_stage: told of each stage that is over, and the seconds it took.
    """

    job_id: str = ""
    checkpoint: Any = None
    tell: Callable[[JobProgress, Any], Awaitable[None]] | None = field(default=None, repr=False)
    afterwards: list[Callable[[], Awaitable[None]]] = field(default_factory=list, repr=False)
    on_stage: Callable[[str, float], None] | None = field(default=None, repr=False)
    _stage: tuple[str, float] | None = field(default=None, repr=False)
    _began: float = field(default_factory=time.monotonic, repr=False)
    _first: int | None = field(default=None, repr=False)
    _told: float = field(default=0.0, repr=False)

    async def advance(self, done: int, total: int | None, stage: str, checkpoint: Any = None) -> None:
        """Report progress and, when a checkpoint is given, store it so that a later worker resumes from it.

        Args:
            done: items finished in all, by earlier workers too.
            total: items in all, or None while unknown.
            stage: what is being done.
            checkpoint: plain values and NumPy arrays.

        Raises:
            asyncio.CancelledError: the job was cancelled, or another worker has begun it meanwhile.
        """
        if self._first is None:
            self._first = done
        now = time.monotonic()
        self._enter(stage, now)
        finished = total is not None and done >= total
        if checkpoint is None and not finished and now - self._told < _TELL_EVERY:
            return
        self._told = now
        spent = now - self._began
        rate = (done - self._first) / spent if spent > 0 and done > self._first else None
        progress = JobProgress(
            stage=stage,
            done=done,
            total=total,
            fraction=min(1.0, done / total) if total else 0.0,
            rate=rate,
            eta_seconds=(total - done) / rate if total and rate else None,
        )
        if self.tell is not None:
            await self.tell(progress, checkpoint)

    def _enter(self, stage: str | None, now: float) -> None:
        if self._stage is not None:
            before, since = self._stage
            if before == stage:
                return
            if self.on_stage is not None:
                self.on_stage(before, now - since)
        self._stage = None if stage is None else (stage, now)

    def leave(self) -> None:
        """End the last stage: the attempt is over."""
        self._enter(None, time.monotonic())
