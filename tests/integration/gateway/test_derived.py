"""Pictures that the platform makes of a film: registered once, listed with it, gone with it."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import av
import httpx
import numpy as np
import pytest
from tests.integration.platform import Platform

from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.errors import AssetNotFound, InvalidFileFormat
from dino_common.settings import Settings


def film() -> bytes:
    """A second of grey noise as MP4; each call another one."""
    out = io.BytesIO()
    noise = np.random.default_rng()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(noise.integers(0, 255, (48, 64, 3), dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture
async def ask(gateway: Platform, settings_of: Callable[[Platform], Settings]) -> AsyncIterator[Callable[..., Any]]:
    """Ask the gateway on the bus, as the video service does."""
    connection = Connection(settings_of(gateway), "test")
    await connection.open()
    bus = BusClient(connection)
    await bus.start()

    async def call(name: str, **fields: Any) -> Any:
        return await bus.call(OPERATIONS[name], fields, Context("test-request", time.time() + 30))

    yield call
    await bus.stop()
    await connection.close()


@pytest.fixture
async def film_id(client: httpx.AsyncClient) -> str:
    answer = await client.post("/upload-media", files={"file": ("film.mp4", film())})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


def keyframe(film_id: str, photo: bytes, at: float = 0.5) -> dict[str, Any]:
    return {
        "video_asset_id": film_id,
        "role": "keyframe",
        "time": at,
        "data": photo,
        "filename": "film-0.5.jpg",
        "tags": ["keyframe"],
        "metadata": {"time": at},
    }


async def test_a_keyframe_is_an_asset_that_names_its_film(client, ask, film_id, photo):
    made = await ask("register-derived-asset", **keyframe(film_id, photo))
    listed = (await client.get("/assets", params={"derived_from": film_id})).json()["items"]
    assert [item["asset_id"] for item in listed] == [made["asset_id"]]
    assert (listed[0]["derived_from"], listed[0]["kind"], listed[0]["tags"]) == (film_id, "image", ["keyframe"])
    assert (await client.get(f"/assets/{made['asset_id']}/content")).content == photo


async def test_a_keyframe_registered_again_is_the_same_asset(client, ask, film_id, photo):
    first = await ask("register-derived-asset", **keyframe(film_id, photo))
    assert await ask("register-derived-asset", **keyframe(film_id, photo)) == first
    other = await ask("register-derived-asset", **keyframe(film_id, photo, at=0.7))
    assert other["asset_id"] != first["asset_id"]
    assert len((await client.get("/assets", params={"derived_from": film_id})).json()["items"]) == 2


async def test_a_keyframe_registered_again_says_what_is_true_now_and_keeps_what_users_wrote(
    client, ask, film_id, photo
):
    first = (await ask("register-derived-asset", **keyframe(film_id, photo)))["asset_id"]
    await client.patch(f"/assets/{first}", json={"tags": ["mine"], "metadata": {"mood": "calm"}})
    again = keyframe(film_id, photo) | {"metadata": {"time": 0.5, "shot": 7}}
    await ask("register-derived-asset", **again)
    shown = (await client.get(f"/assets/{first}")).json()
    assert (shown["tags"], shown["metadata"]) == (["mine"], {"mood": "calm", "time": 0.5, "shot": 7})


async def test_only_pictures_of_the_film_are_removed(client, ask, film_id, photo):
    mine = [(await ask("register-derived-asset", **keyframe(film_id, photo, at)))["asset_id"] for at in (0.1, 0.2)]
    foreign = (await client.post("/upload-media", files={"file": ("film.mp4", film())})).json()["asset_id"]
    other = (await ask("register-derived-asset", **keyframe(foreign, photo)))["asset_id"]
    asked = {"video_asset_id": film_id, "asset_ids": [mine[0], other, foreign]}
    assert await ask("remove-derived-assets", **asked) == {"removed": 1}
    statuses = [(await client.get(f"/assets/{asset}")).status_code for asset in (*mine, other, foreign)]
    assert statuses == [404, 200, 200, 200]
    assert await ask("remove-derived-assets", **asked) == {"removed": 0}


async def test_keyframes_go_with_their_film(client, ask, film_id, photo):
    made = await ask("register-derived-asset", **keyframe(film_id, photo))
    assert (await client.delete(f"/assets/{film_id}")).json()["deleted"] is True
    assert (await client.get(f"/assets/{made['asset_id']}")).status_code == 404
    with pytest.raises(AssetNotFound):
        await ask("register-derived-asset", **keyframe(film_id, photo))


async def test_bytes_that_are_no_picture_are_refused(client, ask, film_id, photo):
    for data in (photo[: len(photo) // 2], b"plain text", film()):
        with pytest.raises(InvalidFileFormat):
            await ask("register-derived-asset", **keyframe(film_id, data))
    assert (await client.get("/assets", params={"derived_from": film_id})).json()["items"] == []


async def test_the_size_of_a_film_is_shown_once_it_was_probed(client, ask, film_id):
    await ask("set-film-size", asset_id=film_id, width=64, height=48)
    shown = (await client.get(f"/assets/{film_id}")).json()
    assert (shown["width"], shown["height"]) == (64, 48)
