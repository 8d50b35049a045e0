"""Handler of find-people: the people detector, fetched and loaded in the background."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dino_common.bus.context import Context
from dino_common.bus.tasks import end
from dino_common.contracts.people import (
    BodyFound,
    FaceFound,
    FindPeopleRequest,
    FindPeopleResponse,
    PeopleFound,
    PersonBox,
)
from dino_common.errors import ModelNotLoaded
from dino_inference.people.weights import VERSION, ensure_people_models, find_people_models

if TYPE_CHECKING:
    from dino_inference.people.finder import People, PeopleFinder

log = logging.getLogger(__name__)
T = TypeVar("T")

_AGAIN_SECONDS = 600.0
# Loading takes a second or two, and is worth waiting for; a download is not.
_LOADING_SECONDS, _FETCHING_SECONDS = 20.0, 0.5
_OFF = "the people detector is switched off by DINO_FACE_DETECTOR"


class PeopleHandlers:
    """Answers also where there is no detector: with the reason, at once."""

    def __init__(self, cache_dir: Path, setting: str = "auto") -> None:
        """Args:
        cache_dir: model cache, where the detector's files lie.
        setting: ``auto``, or ``off`` for no detector.
        """
        self._cache_dir, self._off = cache_dir, setting == "off"
        self._finder: PeopleFinder | None = None
        self._reason: str | None = None
        self._getting: asyncio.Task[None] | None = None
        self._here = False
        self._not_before = 0.0
        # A thread of its own: the visual model's forward does not wait for it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="people")

    async def start(self) -> None:
        """Begin to load, so that the first request need not wait."""
        if not self._off:
            self._begin()

    async def find(self, context: Context, request: FindPeopleRequest) -> FindPeopleResponse:
        """Answer the bus operation ``find-people``."""
        reason = await self._missing()
        if self._finder is None or reason is not None:
            return FindPeopleResponse(detector=None, reason=reason, pictures=[])
        pictures = [] if request.pixels is None else list(request.pixels)
        # One by one, so that requests take turns.
        loop, finder = asyncio.get_running_loop(), self._finder
        found = [
            await loop.run_in_executor(
                self._thread, finder.find, np.ascontiguousarray(one), request.bodies, request.hands
            )
            for one in pictures
        ]
        return FindPeopleResponse(detector=VERSION, reason=None, pictures=[_answer(one) for one in found])

    async def _missing(self) -> str | None:
        """Why there is no detector; None once it is loaded."""
        if self._off:
            return _OFF
        if self._finder is not None:
            return None
        self._begin()
        if self._getting is not None:
            await asyncio.wait([self._getting], timeout=_FETCHING_SECONDS)
        # By now it is known whether they are only loaded.
        if self._getting is not None and self._here:
            await asyncio.wait([self._getting], timeout=_LOADING_SECONDS)
        if self._finder is not None:
            return None
        return self._reason or "the people detector is being fetched; ask again in a minute"

    def _begin(self) -> None:
        if self._getting is None and self._finder is None and time.monotonic() >= self._not_before:
            # Until it is known that they must be fetched, the files are taken to be there.
            self._here = True
            self._getting = asyncio.create_task(self._get())

    async def _get(self) -> None:
        try:
            self._here = await asyncio.to_thread(find_people_models, self._cache_dir) is not None
            self._finder = await _in_daemon(lambda: _loaded(self._cache_dir))
            self._reason = None
        # Whatever it is: nobody awaits this task, and every request would begin another.
        except Exception as error:
            told = self._reason
            self._reason = _reason(error)
            self._not_before = time.monotonic() + _AGAIN_SECONDS
            if self._reason != told:
                expected = isinstance(error, ModelNotLoaded) and error.__cause__ is None
                log.warning("no people detector: %s", self._reason, exc_info=None if expected else error)
        finally:
            self._getting = None

    async def close(self) -> None:
        """Let the thread end."""
        if self._getting is not None:
            await end((self._getting,))
        self._thread.shutdown(wait=False, cancel_futures=True)


async def _in_daemon(work: Callable[[], T]) -> T:
    """Run it in a thread that a process which ends does not wait for: a download may hang for long."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(done: Callable[[], None]) -> None:
        # Nobody listens once the loop is closed or the answer was given up.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: answer.done() or done())

    def run() -> None:
        try:
            found = work()
        except Exception as error:
            failure = error
            tell(lambda: answer.set_exception(failure))
        else:
            tell(lambda: answer.set_result(found))

    threading.Thread(target=run, name="people-fetch", daemon=True).start()
    return await answer


def _loaded(cache_dir: Path) -> PeopleFinder:
    if importlib.util.find_spec("openvino") is None:
        raise ModelNotLoaded("the people detector needs openvino", details="pip install 'dinov3-platform[inference]'")
    directory = ensure_people_models(cache_dir)
    try:
        from dino_inference.people.finder import PeopleFinder

        return PeopleFinder(directory)
    except Exception as error:
        raise ModelNotLoaded(f"the people detector at {directory} cannot be loaded: {error}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ModelNotLoaded):
        return f"{error.message}. {error.details or ''}".strip()
    return f"the people detector cannot be loaded: {type(error).__name__}: {error}"


def _answer(found: People) -> PeopleFound:
    return PeopleFound(
        faces=[FaceFound(**_box(face.box), score=face.score, facing=face.facing) for face in found.faces],
        bodies=None
        if found.bodies is None
        else [
            BodyFound(
                left=body.facts.left,
                top=body.facts.top,
                right=body.facts.right,
                bottom=body.facts.bottom,
                score=body.score,
                height=body.facts.height,
                lowest=body.facts.lowest,
                posture=body.facts.posture,
                facing=body.facts.facing,
            )
            for body in found.bodies
        ],
        hands=None if found.hands is None else [PersonBox(**_box(hand.box), score=hand.score) for hand in found.hands],
    )


def _box(box: np.ndarray) -> dict[str, float]:
    return dict(zip(("left", "top", "right", "bottom"), (round(float(side), 4) for side in box), strict=True))
