"""Continuity through the REST surface, on films and pictures made here: what is taken away is found, a pan is not."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.platform import Platform
from tests.integration.video.films import HEIGHT, RATE, WIDTH, encoded, photograph, static

NOBODY = "00000000-0000-4000-8000-000000000000"
THING = (190, 60, 70, 80)
"""Left, top, width and height of the thing in the frame, in pixels."""


def with_thing(picture: np.ndarray, colour: tuple[int, int, int] = (210, 40, 40)) -> np.ndarray:
    """Put a drum with a lid and stripes on a scene."""
    left, top, width, height = THING
    left, top = left + 20, top + 20
    out = picture.copy()
    cv2.rectangle(out, (left, top + 10), (left + width, top + height), colour, -1)
    cv2.ellipse(out, (left + width // 2, top + 12), (width // 2, 12), 0, 0, 360, (240, 240, 230), -1)
    for x in range(left + 6, left + width, 16):
        cv2.line(out, (x, top + 22), (x, top + height - 4), (30, 30, 60), 3)
    return out


def jpeg(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def moved_camera(picture: np.ndarray) -> np.ndarray:
    """The scene from a little further on: shifted and turned by a perspective."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[14, 6], [width - 4, 12], [width - 10, height - 8], [4, height - 4]], np.float32)
    return cv2.warpPerspective(picture, cv2.getPerspectiveTransform(seen, corners), (width, height))


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


async def uploaded(client: httpx.AsyncClient, content: bytes, name: str) -> str:
    answer = await client.post("/upload-media", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


async def checked(client: httpx.AsyncClient, **request) -> httpx.Response:
    return await client.post("/check-continuity?wait=90", json=request)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    return photograph("coffee")


@pytest.fixture(scope="module")
async def film(client: httpx.AsyncClient, scene: np.ndarray) -> str:
    """Shot 1 with the thing; shot 2 elsewhere; shot 3 as shot 1 from a little further on, without the thing."""
    frames = static(with_thing(scene), 1.6) + static(photograph("astronaut"), 1.6) + static(moved_camera(scene), 1.6)
    assert len(frames) == round(4.8 * RATE)
    film_id = await uploaded(client, encoded(frames), "scene.mp4")
    answer = await client.post("/analyze-video-shots?wait=90", json={"video_asset_id": film_id})
    assert answer.json()["total_shots"] == 3, answer.text
    return film_id


def overlap(first: list[float], second: tuple[float, ...]) -> float:
    """Intersection over union of two boxes of left, top, width, height."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(0.0, across) * max(0.0, down)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


async def test_a_thing_that_is_gone_in_the_next_shot_of_the_scene_is_found_where_it_was(client, film):
    answer = await checked(client, video_asset_id=film)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (pair,) = told["pairs"]
    assert (pair["first"]["shot"], pair["second"]["shot"]) == (1, 3)
    assert told["alone"] == [1, 2]
    assert pair["verdict"] == "changed"
    change = pair["changes"][0]
    assert change["kind"] == "vanished"
    assert overlap(change["box_1"], THING) > 0.4
    assert change["confidence"] >= 0.5
    assert change["why"]
    for crop in (change["crop_1"], change["crop_2"]):
        with Image.open(io.BytesIO(base64.b64decode(crop))) as picture:
            assert picture.format == "PNG"
            assert max(picture.size) <= 96
    assert told["changed_pairs"] == 1
    assert told["model"]
    assert told["model_version"].startswith(told["model"] + "@")


async def test_shots_named_by_number_are_compared_in_their_order(client, film):
    told = (await checked(client, video_asset_id=film, shots=[3, 1])).json()
    (pair,) = told["pairs"]
    assert (pair["first"]["shot"], pair["second"]["shot"]) == (3, 1)
    assert pair["changes"][0]["kind"] == "appeared"
    assert overlap(pair["changes"][0]["box_2"], THING) > 0.4


async def test_shots_of_two_scenes_are_not_comparable(client, film):
    (pair,) = (await checked(client, video_asset_id=film, shots=[1, 2])).json()["pairs"]
    assert pair["verdict"] == "not_comparable"
    assert pair["changes"] == []
    assert {one["verdict"] for one in pair["aspects"]} == {"not_comparable"}


@pytest.fixture(scope="module")
async def pictures(client: httpx.AsyncClient, scene: np.ndarray) -> dict[str, str]:
    thing = with_thing(scene)
    made = {
        "thing": thing,
        "other angle": moved_camera(thing),
        "darker": np.clip(thing * np.array([0.75, 0.7, 0.62]), 0, 255).astype(np.uint8),
        "blue": with_thing(scene, (40, 60, 210)),
    }
    return {name: await uploaded(client, jpeg(picture), f"{name}.jpg") for name, picture in made.items()}


@pytest.mark.parametrize("other", ["other angle", "darker"])
async def test_nothing_is_told_of_another_angle_or_light_alone(client, pictures, other):
    told = (await checked(client, asset_ids=[pictures["thing"], pictures[other]])).json()
    (pair,) = told["pairs"]
    assert pair["changes"] == []
    assert pair["verdict"] == "consistent"
    by_aspect = {one["aspect"]: one for one in pair["aspects"]}
    assert by_aspect["props"]["verdict"] == by_aspect["background"]["verdict"] == "consistent"
    # Nobody has said what is clothing.
    assert by_aspect["wardrobe"]["verdict"] == "not_comparable"


async def test_another_colour_is_found_and_belongs_to_the_region_that_was_named(client, pictures, scene):
    left, top, width, height = THING
    box = [left + 15, top + 15, width + 10, height + 10]
    request = {
        "asset_ids": [pictures["thing"], pictures["blue"]],
        "regions": [{"asset_id": pictures["thing"], "box": box, "aspect": "wardrobe"}],
        "aspects": ["wardrobe", "props"],
    }
    (pair,) = (await checked(client, **request)).json()["pairs"]
    change = pair["changes"][0]
    assert change["kind"] == "recoloured"
    assert change["aspect"] == "wardrobe"
    assert change["colour_difference"] > 20
    place = (left + 20, top + 20, width, height)
    assert overlap(change["box_1"], place) > 0.4
    assert overlap(change["box_2"], place) > 0.4
    by_aspect = {one["aspect"]: one["verdict"] for one in pair["aspects"]}
    assert by_aspect == {"wardrobe": "changed", "props": "consistent"}


async def test_the_drawing_alone_comes_as_png(client, pictures):
    request = {"asset_ids": [pictures["thing"], pictures["blue"], pictures["darker"]]}
    answer = await client.post("/check-continuity?wait=90", json=request, headers={"Accept": "image/png"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as drawn:
        assert max(drawn.size) <= 1024
        assert drawn.size[0] > WIDTH
        assert drawn.size[1] > HEIGHT


async def test_sensitivity_decides_what_is_told(client, pictures):
    ids = [pictures["thing"], pictures["blue"]]
    (pair,) = (await checked(client, asset_ids=ids, sensitivity=0.0)).json()["pairs"]
    assert all(change["confidence"] >= 1.0 for change in pair["changes"])


async def test_what_is_not_there_or_of_the_wrong_kind_is_a_clear_error(client, film, pictures):
    one, other = pictures["thing"], pictures["blue"]
    film_without_shots = await uploaded(client, encoded(static(photograph("cat"), 1.0)), "new.mp4")
    wrong = [
        ({"asset_ids": [one, NOBODY]}, 404, "ASSET_NOT_FOUND"),
        ({"asset_ids": [one, film]}, 400, "INVALID_FILE_FORMAT"),
        ({"video_asset_id": one}, 400, "INVALID_FILE_FORMAT"),
        ({"video_asset_id": NOBODY}, 404, "ASSET_NOT_FOUND"),
        ({"video_asset_id": film_without_shots}, 404, "NOT_FOUND"),
        ({"video_asset_id": film, "shots": [1, 9]}, 404, "NOT_FOUND"),
        ({"asset_ids": [one]}, 422, "INVALID_REQUEST"),
        ({"asset_ids": [one, one]}, 422, "INVALID_REQUEST"),
        ({}, 422, "INVALID_REQUEST"),
        ({"asset_ids": [one, other], "video_asset_id": film}, 422, "INVALID_REQUEST"),
        ({"asset_ids": [one, other], "shots": [1, 2]}, 422, "INVALID_REQUEST"),
        ({"asset_ids": [one, other], "aspects": ["mood"]}, 422, "INVALID_REQUEST"),
        ({"asset_ids": [one, other], "sensitivity": 1.5}, 422, "INVALID_REQUEST"),
    ]
    for request, status, code in wrong:
        answer = await checked(client, **request)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), (request, answer.text)
    stray = [{"asset_id": NOBODY, "box": [0, 0, 9, 9], "aspect": "props"}]
    answer = await checked(client, asset_ids=[one, other], regions=stray)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_REQUEST")
