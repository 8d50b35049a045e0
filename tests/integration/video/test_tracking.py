"""Objects followed through films over the REST surface."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.platform import Platform
from tests.integration.video.films import HEIGHT, WIDTH, encoded, photograph

from dino_common.contracts.tracking import TrackObjectsResponse

THING = (64, 64)
HIDDEN = (30, 50)


def walk(seconds: float) -> list[np.ndarray]:
    """A face that goes to the right over a table, and is away in the frames of ``HIDDEN``."""
    ground = photograph("coffee")[20 : 20 + HEIGHT, 20 : 20 + WIDTH]
    face = np.asarray(Image.fromarray(photograph("astronaut")).crop((110, 10, 260, 160)).resize(THING))
    frames = []
    for number in range(round(seconds * 25)):
        frame = ground.copy()
        if not HIDDEN[0] <= number < HIDDEN[1]:
            left, top = place(number)
            frame[top : top + THING[1], left : left + THING[0]] = face
        frames.append(frame)
    return frames


def place(number: int) -> tuple[int, int]:
    """Left and top of the face in a frame."""
    return 20 + 2 * number, 50


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


async def uploaded(client: httpx.AsyncClient, content: bytes, name: str) -> str:
    answer = await client.post("/upload-media", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


@pytest.fixture(scope="module")
async def film_id(client: httpx.AsyncClient) -> str:
    return await uploaded(client, encoded(walk(3)), "walk.mp4")


async def tracked(client: httpx.AsyncClient, film_id: str, objects: list[dict], **more) -> httpx.Response:
    body = {"video_asset_id": film_id, "objects": objects, **more}
    return await client.post("/track-objects?wait=90", json=body)


def overlap(box: list[float], number: int) -> float:
    """Intersection over union of a box with the face's true one."""
    left, top = place(number)
    across = max(0.0, min(box[0] + box[2], left + THING[0]) - max(box[0], left))
    down = max(0.0, min(box[1] + box[3], top + THING[1]) - max(box[1], top))
    return across * down / (box[2] * box[3] + THING[0] * THING[1] - across * down)


async def test_an_object_is_followed_lost_and_found(client, film_id):
    answer = await tracked(client, film_id, [{"label": "face", "box": [*place(0), *THING]}])
    assert answer.status_code == 200, answer.text
    found = TrackObjectsResponse.model_validate(answer.json())
    assert (found.width, found.height, found.frames, found.truncated_at) == (WIDTH, HEIGHT, 15, None)
    (face,) = found.objects
    assert (face.number, face.label) == (1, "face")
    assert [item.frame for item in face.items] == list(range(0, 75, 5))
    away = {item.frame for item in face.items if item.state == "lost"}
    assert away == set(range(*HIDDEN, 5))
    assert all((item.box is None) == (item.state == "lost") for item in face.items)
    overlaps = [overlap(item.box, item.frame) for item in face.items if item.box is not None]
    assert np.mean(overlaps) > 0.6
    assert min(overlaps) > 0.35
    (loss,) = face.summary.lost
    assert (loss.start_frame, loss.end_frame) == HIDDEN
    assert face.summary.found_times == [2.0]
    assert face.items[-1].timecode == "00:00:02:20"


async def test_masks_start_courses_and_come_back(client, film_id):
    number = 20
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    left, top = place(number)
    mask[top : top + THING[1], left : left + THING[0]] = 255
    out = io.BytesIO()
    Image.fromarray(mask).save(out, "PNG")
    objects = [{"mask": base64.b64encode(out.getvalue()).decode()}, {"box": [0, 0, 40, 40]}]
    asked = {"start_frame": number, "max_seconds": 0.2, "frames_per_second": 25, "include_masks": True}
    answer = await tracked(client, film_id, objects, **asked)
    assert answer.status_code == 200, answer.text
    found = TrackObjectsResponse.model_validate(answer.json())
    assert [len(one.items) for one in found.objects] == [5, 5]
    first = found.objects[0].items[0]
    assert (first.frame, first.mask.size) == (number, [HEIGHT, WIDTH])
    told = np.asarray(Image.open(io.BytesIO(base64.b64decode(first.mask.png)))) > 0
    assert (told & (mask > 0)).sum() / (told | (mask > 0)).sum() > 0.6


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"objects": [{"box": [300, 10, 64, 64]}]}, 422, "outside the picture of 320×180"),
        ({"objects": [{"mask": None, "box": None}]}, 422, "box or a mask"),
        ({"objects": [{"mask": base64.b64encode(b"no picture at all").decode()}]}, 422, "not a PNG"),
        ({"start_time": 3.1}, 422, "beyond the film"),
        ({"end_time": 60}, 422, "beyond the film"),
        ({"start_time": 1, "start_frame": 25}, 422, "two beginnings"),
        ({"video_asset_id": "00000000-0000-4000-8000-000000000000"}, 404, "asset"),
    ],
)
async def test_what_cannot_be_followed_is_refused_with_its_reason(client, film_id, change, status, message):
    body = {"video_asset_id": film_id, "objects": [{"box": [*place(0), *THING]}]} | change
    answer = await client.post("/track-objects?wait=60", json=body)
    assert answer.status_code == status, answer.text
    assert message.lower() in answer.json()["error"]["message"].lower()


async def test_a_mask_of_another_size_and_a_picture_are_refused(client, film_id):
    out = io.BytesIO()
    Image.new("L", (64, 64), 255).save(out, "PNG")
    answer = await tracked(client, film_id, [{"mask": base64.b64encode(out.getvalue()).decode()}])
    assert answer.status_code == 422
    assert "64×64 pixels; the film is shown in 320×180" in answer.json()["error"]["message"]
    picture = await uploaded(client, out.getvalue(), "picture.png")
    answer = await tracked(client, picture, [{"box": [1, 1, 9, 9]}])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_FILE_FORMAT")
