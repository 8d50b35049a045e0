"""Films scored over the REST surface."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import httpx
import pytest
from PIL import Image
from tests.integration.platform import Platform
from tests.integration.video.films import HEIGHT, WIDTH, encoded, pan_right, photograph, static

from dino_common.contracts.video_score import ScoreVideoResponse

MEASURES = ("subject_consistency", "background_consistency", "temporal_flickering", "motion_smoothness")


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
    """A still shot of two seconds, then two seconds of a pan over another picture."""
    frames = static(photograph("coffee"), 2) + pan_right(photograph("chelsea"), 2)
    return await uploaded(client, encoded(frames), "two-shots.mp4")


@pytest.fixture(scope="module")
async def picture_id(client: httpx.AsyncClient) -> str:
    """The first frame of the film, as a picture."""
    out = io.BytesIO()
    Image.fromarray(photograph("coffee")[20 : 20 + HEIGHT, 20 : 20 + WIDTH]).save(out, "PNG")
    return await uploaded(client, out.getvalue(), "coffee.png")


async def scored(client: httpx.AsyncClient, film_id: str, **more) -> httpx.Response:
    return await client.post("/score-video?wait=90", json={"video_asset_id": film_id, **more})


async def test_each_shot_is_scored_by_itself(client, film_id, picture_id):
    answer = await scored(client, film_id, per_shot=True, frames_per_second=2, reference_asset_id=picture_id)
    assert answer.status_code == 200, answer.text
    found = ScoreVideoResponse.model_validate(answer.json())
    assert (found.frames, found.looked_at, found.cuts, found.truncated_at) == (100, 8, 1, None)
    still, pan = found.shots
    assert (still.start_frame, still.end_frame, pan.start_frame) == (0, 50, 50)
    for name in MEASURES:
        whole = getattr(found, name)
        assert getattr(still, name) > 0.995
        assert getattr(pan, name) < getattr(still, name)
        assert whole.score == pytest.approx(sum(whole.timeline.values) / whole.frames, abs=1e-4)
        assert len(whole.timeline.frames) == len(whole.timeline.times) == whole.frames
        assert whole.lowest[0].value == pytest.approx(min(whole.timeline.values))
        assert whole.lowest[0].frame >= 50
    assert 50 not in found.temporal_flickering.timeline.frames
    reference = found.i2v_subject
    assert reference.nearest > 0.97
    assert reference.score == pytest.approx(
        0.4 * reference.nearest + 0.3 * reference.mean_adjacent + 0.3 * reference.lowest_adjacent, abs=1e-5
    )
    named = {(one.measure, one.aspect) for one in found.deviations}
    assert {("background_consistency", "features"), ("motion_smoothness", "interpolation"), ("all", "cuts")} <= named
    assert found.model_version


async def test_a_cut_counts_only_when_asked(client, film_id):
    asked = {"frames_per_second": 2, "start_time": 1.0, "end_time": 3.0}
    apart = (await scored(client, film_id, **asked)).json()
    across = (await scored(client, film_id, across_cuts=True, **asked)).json()
    for name in MEASURES:
        assert across[name]["score"] < apart[name]["score"] - 0.002, name
        assert across[name]["frames"] >= apart[name]["frames"]
    assert (apart["cuts"], across["cuts"], apart["shots"]) == (1, None, None)
    assert across["subject_consistency"]["score"] < 0.8


async def test_measures_of_pixels_need_no_model(client, film_id):
    answer = (await scored(client, film_id, measures=["temporal_flickering"], end_time=0.4)).json()
    assert answer["model"] is None
    assert answer["looked_at"] == 0
    assert answer["subject_consistency"] is None
    assert answer["temporal_flickering"]["frames"] == 9
    assert {one["measure"] for one in answer["deviations"]} == {"temporal_flickering", "all"}


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"start_time": 4.2}, 422, "beyond the film"),
        ({"start_time": 1.0, "end_time": 1.04}, 422, "fewer than two frames"),
        ({"measures": []}, 422, "measures"),
        ({"video_asset_id": "00000000-0000-4000-8000-000000000000"}, 404, "asset"),
        ({"reference_asset_id": "00000000-0000-4000-8000-000000000000"}, 404, "asset"),
    ],
)
async def test_what_cannot_be_scored_is_refused_with_its_reason(client, film_id, change, status, message):
    answer = await client.post("/score-video?wait=60", json={"video_asset_id": film_id} | change)
    assert answer.status_code == status, answer.text
    assert message in answer.json()["error"]["message"].lower()


async def test_a_picture_is_no_film_and_a_film_no_reference(client, film_id, picture_id):
    for body in ({"film_id": picture_id}, {"film_id": film_id, "reference_asset_id": film_id}):
        answer = await scored(client, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_FILE_FORMAT")
