"""Pictures are sent as they fit a request, and an absent detector or a silent service is no error."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from dino_common.bus.context import Context
from dino_common.contracts.people import BodyFound, FaceFound, FindPeopleResponse, PeopleFound
from dino_common.contracts.pixels import MOST_BYTES
from dino_common.errors import ServiceUnavailable
from dino_common.look.people import SENT_SIDE, PeopleWatch

FACE = FaceFound(left=0.1, top=0.2, right=0.3, bottom=0.4, score=0.9, facing="left")
BODY = BodyFound(
    left=0, top=0, right=1, bottom=1, score=0.8, height=1.2, lowest="knees", posture="standing", facing="away"
)


class Answering:
    """Stands for the bus: keeps what was asked, and answers with one face and one body a picture."""

    def __init__(self, failure: Exception | None = None, reason: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.failure, self.reason = failure, reason

    async def call(self, operation: Any, request: dict[str, Any], context: Context) -> dict[str, Any]:
        self.asked.append(request)
        if self.failure:
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


@pytest.mark.parametrize("bus", [Answering(ServiceUnavailable("nobody answers")), Answering(reason="no files")])
async def test_nobody_who_looks_is_remembered_for_a_while_with_the_reason(bus: Answering) -> None:
    eyes = watch(bus)
    for _ in range(3):
        assert await eyes.find([np.zeros((100, 100, 3), np.uint8)], context()) is None
        assert await eyes.detector(context()) is None
    assert len(bus.asked) == 1
    assert eyes.reason in ("nobody answers", "no files")


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
