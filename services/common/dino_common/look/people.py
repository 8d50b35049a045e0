"""The people of pictures, asked of the inference service. Nothing here is needed: unanswered, people are not known."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.contracts.people import FindPeopleResponse, PeopleFound
from dino_common.contracts.pixels import MOST_BYTES, MOST_PICTURES, SMALLEST_SIDE
from dino_common.errors import DeadlineExceeded, DinoError
from dino_common.look.scale import Body, Face

if TYPE_CHECKING:
    from dino_common.bus.client import BusClient

log = logging.getLogger(__name__)

RGB = NDArray[np.uint8]
Bodies = Literal["always", "without_face", "never"]

SENT_SIDE = 960
"""Pixels of the longer side of what is sent: a face of a fiftieth of its height still has a dozen pixels."""
STORED_TRIES = 4
"""How often work whose result is stored asks before it goes on without people."""
_AGAIN_SECONDS = 15.0
_PAUSE_SECONDS = 2.0
_AWAY_SECONDS = 60.0
_LONGEST = 30.0
_OFF = "the people detector is switched off by DINO_FACE_DETECTOR"


@dataclass(frozen=True, slots=True)
class People:
    """What one picture has, the surest first, in shares of its sides; None where nobody looked for it."""

    faces: list[Face]
    bodies: list[Body] | None = None
    hands: list[Face] | None = None


class PeopleWatch:
    """Asks the people detector, and remembers for a while when the service says that there is none."""

    def __init__(self, bus: BusClient, setting: str = "auto") -> None:
        """Args:
        bus: to ask over.
        setting: ``off`` asks nothing.
        """
        self._bus = bus
        self._off = setting == "off"
        self._detector: str | None = None
        self._reason: str | None = _OFF if self._off else None
        self._not_before = 0.0
        self._away_until = 0.0

    @property
    def reason(self) -> str | None:
        """Why nobody looked when last asked; None when somebody did."""
        return self._reason

    async def detector(self, context: Context) -> str | None:
        """Return who looks, None where nobody does. Asked once, then as pictures are."""
        if self._detector is None:
            await self._answer({"pixels": None}, context, 1)
        return self._detector

    async def find(
        self,
        pictures: Sequence[RGB],
        context: Context,
        *,
        bodies: Bodies = "always",
        hands: bool = False,
        tries: int = 1,
    ) -> list[People] | None:
        """Return the people of each picture in order, or None where nobody can tell; never an error.

        Args:
            pictures: uint8 (h, w, 3) RGB of any sizes; they are sent with ``SENT_SIDE`` pixels on the longer side.
            context: of the request.
            bodies: where bodies are looked for.
            hands: look for hands, too.
            tries: how often a service that is full, late or away is asked, within the context's deadline. After it
                stayed so for all of them, requests of the next minute ask once, until it answers again.
        """
        found: list[People] = []
        for stack in _stacks([_sent(picture) for picture in pictures]):
            answer = await self._answer({"pixels": stack, "bodies": bodies, "hands": hands}, context, tries)
            if answer is None or len(answer.pictures) != len(stack):
                return None
            found += [people_of(one) for one in answer.pictures]
        return found

    async def _answer(self, fields: dict[str, object], context: Context, tries: int) -> FindPeopleResponse | None:
        if self._off or (self._detector is None and time.monotonic() < self._not_before):
            return None
        # A service that is long away is waited for once, not for every picture of a film.
        left = 1 if time.monotonic() < self._away_until else tries
        while True:
            left -= 1
            try:
                answer = await self._ask(fields, context)
            except DinoError as error:
                # What one request met says nothing of the next: only the service's own answer turns asking off.
                log.warning("people are not looked for: %s", error.message, extra={"request_id": context.request_id})
                self._reason = error.message
                passing = error.passing or isinstance(error, DeadlineExceeded)
                if passing and left > 0 and context.remaining() > _PAUSE_SECONDS:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                if passing and left == 0:
                    self._away_until = time.monotonic() + _AWAY_SECONDS
                return None
            self._away_until = 0.0
            self._detector, self._reason = answer.detector, answer.reason
            if answer.detector is None:
                self._not_before = time.monotonic() + _AGAIN_SECONDS
                return None
            return answer

    async def _ask(self, fields: dict[str, object], context: Context) -> FindPeopleResponse:
        # What the picture has besides is worth more than a long wait for its people.
        deadline = min(context.deadline, time.time() + _LONGEST)
        mine = Context(context.request_id, deadline, context.principal, "find-people")
        return FindPeopleResponse.model_validate(await self._bus.call(OPERATIONS["find-people"], fields, mine))


def people_of(found: PeopleFound) -> People:
    """Return what the detector found as values of this package."""
    return People(
        [Face(one.left, one.top, one.right, one.bottom, one.score, one.facing) for one in found.faces],
        None
        if found.bodies is None
        else [
            Body(one.left, one.top, one.right, one.bottom, one.score, one.height, one.lowest, one.posture, one.facing)
            for one in found.bodies
        ],
        None
        if found.hands is None
        else [Face(one.left, one.top, one.right, one.bottom, one.score) for one in found.hands],
    )


def _sent(picture: RGB) -> RGB:
    height, width = picture.shape[:2]
    scale = min(1.0, SENT_SIDE / max(height, width))
    size = max(SMALLEST_SIDE, round(width * scale)), max(SMALLEST_SIDE, round(height * scale))
    if size == (width, height):
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _stacks(pictures: list[RGB]) -> list[RGB]:
    """Neighbours of one size together, as many as a request takes."""
    stacks: list[list[RGB]] = []
    for picture in pictures:
        last = stacks[-1] if stacks else []
        fits = last and last[0].shape == picture.shape and len(last) < MOST_PICTURES
        if fits and (len(last) + 1) * picture.nbytes <= MOST_BYTES:
            last.append(picture)
        else:
            stacks.append([picture])
    return [np.stack(stack) for stack in stacks]
