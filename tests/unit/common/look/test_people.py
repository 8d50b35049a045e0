"""Pictures are sent as they fit a request, and an absent detector or a silent service is no error."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from dino_common.bus.context import Context
from dino_common.contracts.people import BodyFound, FaceFound, FindPeopleResponse, PeopleFound
from dino_common.contracts.pixels import MOST_BYTES
from dino_common.errors import DeadlineExceeded, DinoError, InvalidRequest, ServiceUnavailable
from dino_common.look import people
from dino_common.look.people import SENT_SIDE, PeopleWatch

FACE = FaceFound(left=0.1, top=0.2, right=0.3, bottom=0.4, score=0.9, facing="left")
BODY = BodyFound(
    left=0, top=0, right=1, bottom=1, score=0.8, height=1.2, lowest="knees", posture="standing", facing="away"
)


class Answering:
    """Stands for the bus: keeps what was asked, and answers with one face and one body a picture.

    The first ``failures`` requests fail.
    """

    def __init__(self, failure: Exception | None = None, reason: str | None = None, failures: int = 1000) -> None:
        self.asked: list[dict[str, Any]] = []
        self.failure, self.reason, self.failures = failure, reason, failures

    async def call(self, operation: Any, request: dict[str, Any], context: Context) -> dict[str, Any]:
        self.asked.append(request)
        if self.failure and len(self.asked) <= self.failures:
            raise self.failure
        count = 0 if self.reason or request["pixels"] is None else len(request["pixels"])
        found = [PeopleFound(faces=[FACE], bodies=[BODY], hands=None)] * count
        detector = None if self.reason else "a detector"
        return FindPeopleResponse(detector=detector, reason=self.reason, pictures=found).model_dump()


def context() -> Context:
    return Context("test", time.time() + 30)


def watch(bus: Answering, setting: str = "auto") -> PeopleWatch:
    return PeopleWatch(bus, setting)  # type: ignore[arg-type]


async def test_large_pictures_are_sent_smaller_and_no_request_is_too_large() -> None:
    bus = Answering()
    pictures = [np.zeros((1080, 1920, 3), np.uint8)] * 5 + [np.zeros((300, 100, 3), np.uint8)]
    found = await watch(bus).find(pictures, context(), bodies="never")
    assert found is not None
    assert len(found) == 6
    shapes = [asked["pixels"].shape for asked in bus.asked]
    assert [shape[1:3] for shape in shapes] == [(540, SENT_SIDE), (540, SENT_SIDE), (300, 100)]
    assert sum(shape[0] for shape in shapes) == 6
    assert all(asked["pixels"].nbytes <= MOST_BYTES for asked in bus.asked)


async def test_what_was_found_comes_back_in_shares_of_the_picture() -> None:
    found = await watch(Answering()).find([np.zeros((100, 100, 3), np.uint8)], context())
    assert found is not None
    (face,) = found[0].faces
    assert (face.left, face.bottom, face.facing) == (0.1, 0.4, "left")
    assert found[0].bodies is not None
    assert (found[0].bodies[0].height, found[0].bodies[0].posture) == (1.2, "standing")
    assert found[0].hands is None


PICTURE = np.zeros((100, 100, 3), np.uint8)
PASSING = [DeadlineExceeded("too late"), ServiceUnavailable("full", retry_after=1)]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("failure", PASSING)
async def test_one_failed_request_does_not_turn_the_detector_off(failure: DinoError) -> None:
    bus = Answering(failure, failures=1)
    eyes = watch(bus)
    assert await eyes.find([PICTURE], context()) is None
    assert eyes.reason == failure.message
    assert await eyes.find([PICTURE], context()) is not None
    assert eyes.reason is None
    assert len(bus.asked) == 2


async def test_who_looks_stays_known_when_a_later_request_fails() -> None:
    bus = Answering()
    eyes = watch(bus)
    assert await eyes.find([PICTURE], context()) is not None
    bus.failure = DeadlineExceeded("too late")
    assert await eyes.find([PICTURE], context()) is None
    assert await eyes.detector(context()) == "a detector"


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("failure", PASSING)
async def test_what_is_stored_asks_again_until_it_is_answered(failure: DinoError) -> None:
    bus = Answering(failure, failures=people.STORED_TRIES - 1)
    assert await watch(bus).find([PICTURE], context(), tries=people.STORED_TRIES) is not None
    assert len(bus.asked) == people.STORED_TRIES


@pytest.mark.usefixtures("no_pause")
async def test_a_service_that_stays_away_is_waited_for_once_and_not_for_every_picture() -> None:
    bus = Answering(PASSING[0])
    eyes = watch(bus)
    assert await eyes.find([PICTURE], context(), tries=3) is None
    assert len(bus.asked) == 3
    assert await eyes.find([PICTURE], context(), tries=3) is None
    assert len(bus.asked) == 4
    bus.failure = None
    assert await eyes.find([PICTURE], context(), tries=3) is not None
    bus.failure = PASSING[0]
    assert await eyes.find([PICTURE], context(), tries=3) is None
    assert len(bus.asked) == 8


async def test_nothing_is_asked_again_after_the_deadline() -> None:
    bus = Answering(PASSING[0])
    assert await watch(bus).find([PICTURE], Context("test", time.time() + 1), tries=3) is None
    assert len(bus.asked) == 1


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("bus", [Answering(InvalidRequest("of no use")), Answering(reason="no files")])
async def test_a_refusal_is_not_asked_for_again(bus: Answering) -> None:
    assert await watch(bus).find([PICTURE], context(), tries=3) is None
    assert len(bus.asked) == 1


async def test_that_there_is_no_detector_is_remembered_for_a_while_with_the_reason() -> None:
    bus = Answering(reason="no files")
    eyes = watch(bus)
    for _ in range(3):
        assert await eyes.find([np.zeros((100, 100, 3), np.uint8)], context()) is None
        assert await eyes.detector(context()) is None
    assert len(bus.asked) == 1
    assert eyes.reason == "no files"


async def test_switched_off_nothing_is_asked() -> None:
    bus = Answering()
    eyes = watch(bus, "off")
    assert await eyes.find([np.zeros((100, 100, 3), np.uint8)], context()) is None
    assert bus.asked == []
    assert eyes.reason is not None
    assert "DINO_FACE_DETECTOR" in eyes.reason


async def test_who_looks_is_asked_once() -> None:
    bus = Answering()
    eyes = watch(bus)
    assert [await eyes.detector(context()) for _ in range(3)] == ["a detector"] * 3
    assert len(bus.asked) == 1
