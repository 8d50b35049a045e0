"""Whatever people upload as a film: it is analysed as far as it can be, or refused with the reason."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from typing import Any

import av
import httpx
import numpy as np
import pytest
from tests.integration.platform import Platform
from tests.unit.video import films

WIDTH, HEIGHT = 160, 90


def two_shots(width: int = WIDTH, height: int = HEIGHT, count: int = 40) -> list[films.Picture]:
    """A cut in the middle."""
    return [*films.moving(1, count, width, height), *films.moving(7, count, width, height)]


def uneven() -> bytes:
    """The second half at half the rate: 40 pictures in 1.6 s, 40 in 3.2 s."""
    stamps = [*range(0, 1600, 40), *range(1600, 4800, 80)]
    return films.encoded(two_shots(), container="matroska", stamps=stamps, time_base=Fraction(1, 1000))


def many_streams() -> bytes:
    return films.encoded(two_shots(), audio=True, more_video=[films.moving(3, 80, 80, 46)])


def noise_for_pictures() -> bytes:
    def scramble(file: bytearray, at: int) -> None:
        size = int.from_bytes(file[at - 8 : at - 4], "big") - 8
        file[at : at + size] = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()

    return films.patched(films.encoded(films.moving(1, 3, WIDTH, HEIGHT)), b"mdat", scramble)


def cut_off(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def without_index() -> bytes:
    return cut_off(films.encoded(two_shots()), 0.5)


def truncated_matroska() -> bytes:
    return cut_off(films.encoded(two_shots(), container="matroska", options={"g": "10"}), 0.8)


def cover_alone() -> bytes:
    """Sound with a cover picture, which is no film."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        sound = file.add_stream("aac", rate=16000, layout="mono")
        frame = av.VideoFrame.from_ndarray(films.texture(1, WIDTH, HEIGHT), format="rgb24")
        file.mux(cover.encode(frame))
        file.mux(cover.encode(None))
        for number in range(16):
            block = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            block.sample_rate, block.pts = 16000, number * 1024
            file.mux(sound.encode(block))
        file.mux(sound.encode(None))
    return out.getvalue()


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


async def analyzed(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    """Upload and analyse; a refusal at the upload is the answer, too."""
    answer = await client.post("/upload-media", files={"file": ("film", content)})
    if answer.status_code != 200:
        return answer
    body = {"video_asset_id": answer.json()["asset_id"], "extract_keyframes": False}
    return await client.post("/analyze-video-shots?wait=90", json=body)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: films.rotated(films.encoded(two_shots())), {"width": HEIGHT, "height": WIDTH}),
        (
            lambda: films.encoded(two_shots(161, 91), pixel_format="yuv444p"),
            {"width": 161, "height": 91, "analysed_frames": 80},
        ),
        (uneven, {"variable_frame_rate": True, "analysed_frames": 80}),
        (many_streams, {"analysed_frames": 80}),
        (lambda: films.encoded(two_shots(), aspect=Fraction(4, 3)), {"width": 213, "height": HEIGHT}),
        (lambda: films.encoded(two_shots(), container="webm", codec="libvpx"), {"width": WIDTH}),
        (lambda: films.encoded(two_shots(), container="mov"), {"damage": None}),
    ],
    ids=["rotated", "odd size", "variable rate", "several streams", "wide pixels", "webm", "mov"],
)
async def test_a_film_of_any_kind_is_analysed(client, make: Callable[[], bytes], expected: dict[str, Any]):
    answer = await analyzed(client, make())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert {name: found[name] for name in expected} == expected
    assert found["total_shots"] == 2
    cut = found["shot_analyses"][1]["start_time"]
    assert cut == pytest.approx(1.6, abs=0.1)


async def test_times_of_a_variable_rate_are_the_frames_own(client):
    found = (await analyzed(client, uneven())).json()
    assert found["video_duration"] == pytest.approx(4.8, abs=0.09)
    assert found["shot_analyses"][1]["duration"] == pytest.approx(3.2, abs=0.17)


async def test_of_a_film_that_breaks_off_the_rest_is_told(client):
    answer = await analyzed(client, truncated_matroska())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert 40 < found["analysed_frames"] < 80
    assert found["damage"]["broken_off"] is True
    assert found["damage"]["missing_seconds"] == pytest.approx(3.2 - found["video_duration"], abs=0.1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: films.only_audio(), "only audio"),
        (lambda: films.only_audio("matroska"), "only audio"),
        (cover_alone, "only audio"),
        (without_index, "truncated"),
        (noise_for_pictures, "not one frame"),
    ],
    ids=["sound in mp4", "sound in matroska", "sound with a cover", "no index", "noise"],
)
async def test_what_is_no_film_is_refused_with_its_reason(client, make: Callable[[], bytes], words: str):
    answer = await analyzed(client, make())
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "INVALID_FILE_FORMAT")
    assert words in error["message"]


async def test_text_that_calls_itself_a_film_is_refused(client):
    for data in (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"\x00\x00\x00\x18ftypmp42" + b"\0" * 4000):
        answer = await analyzed(client, data)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "INVALID_FILE_FORMAT"
