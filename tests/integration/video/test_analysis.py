"""Shots of real films through the REST surface: found, described, stored as keyframes, kept and suggested."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.integration.video.films import encoded, pan_right, photograph, sound, static

SHOTS = ((2.0, "static"), (2.4, "pan_right"), (2.0, "static"))


@pytest.fixture(scope="module")
def film() -> bytes:
    """Three shots of 2, 2.4 and 2 seconds: still, pan to the right, still."""
    frames = static(photograph("coffee"), 2.0) + pan_right(photograph("chelsea"), 2.4)
    return encoded(frames + static(photograph("astronaut"), 2.0))


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(timeout=120) as found:
        yield found


async def uploaded(client: httpx.AsyncClient, content: bytes, name: str = "film.mp4") -> str:
    answer = await client.post("/upload-media", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


async def analyzed(client: httpx.AsyncClient, film_id: str, **more) -> httpx.Response:
    return await client.post("/analyze-video-shots?wait=90", json={"video_asset_id": film_id, **more})


@pytest.fixture(scope="module")
async def analysis(client: httpx.AsyncClient, film: bytes) -> dict:
    answer = await analyzed(client, await uploaded(client, film), shot_detection_threshold=0.3, extract_keyframes=True)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_shots_lie_where_the_film_was_cut(analysis):
    assert analysis["total_shots"] == 3
    assert analysis["video_duration"] == pytest.approx(6.4, abs=0.05)
    for shot, start, (length, movement) in zip(analysis["shot_analyses"], (0, 2.0, 4.4), SHOTS, strict=True):
        assert shot["start_time"] == pytest.approx(start, abs=0.081)
        assert shot["duration"] == pytest.approx(length, abs=0.121)
        assert shot["movement_type"] == movement
        assert 0 <= shot["technical_quality"] <= 1
    assert [shot["transition_in"] for shot in analysis["shot_analyses"]] == ["start", "cut", "cut"]
    assert analysis["shot_analyses"][1]["start_timecode"] == "00:00:02:00"


async def test_the_answer_has_every_field_of_the_documents(analysis):
    assert {"video_asset_id", "total_shots", "video_duration", "shot_analyses", "processing_time"} <= set(analysis)
    wanted = {"shot_id", "start_time", "end_time", "duration", "movement_type", "camera_angle", "emotional_tone"}
    for number, shot in enumerate(analysis["shot_analyses"], start=1):
        assert wanted | {"keyframe_features", "technical_quality"} <= set(shot)
        assert shot["shot_id"] == number
        assert len(shot["keyframe_features"]) == 384
        assert sum(x * x for x in shot["keyframe_features"]) == pytest.approx(1, abs=1e-3)


async def test_keyframes_are_assets_with_features_of_their_shot(client, analysis):
    for shot in analysis["shot_analyses"]:
        for keyframe in shot["keyframes"]:
            assert shot["start_time"] <= keyframe["time"] < shot["end_time"]
            asset = (await client.get(f"/assets/{keyframe['asset_id']}")).json()
            assert asset["derived_from"] == analysis["video_asset_id"]
            assert (asset["width"], asset["height"]) == (320, 180)

            # Stored behind the answer, and of further keyframes of a shot as of any upload.
            async def stored(asset_id: str = keyframe["asset_id"]) -> bool:
                features = await client.get(f"/assets/{asset_id}/features")
                return features.status_code == 200 and features.json()["model_version"] == analysis["model_version"]

            await until(stored)


async def test_the_film_has_a_size_once_it_was_uploaded(client, film):
    film_id = await uploaded(client, film + b"\0" * 8)

    async def measured() -> bool:
        return (await client.get(f"/assets/{film_id}")).json()["width"] is not None

    await until(measured)
    assert (await client.get(f"/assets/{film_id}")).json()["height"] == 180


async def test_without_keyframes_nothing_is_stored(client, film):
    film_id = await uploaded(client, film + b"\0" * 16)
    answer = (await analyzed(client, film_id, extract_keyframes=False)).json()
    assert answer["total_shots"] == 3
    assert all(shot["keyframe_features"] is None for shot in answer["shot_analyses"])
    assert (await client.get("/assets", params={"derived_from": film_id})).json()["items"] == []


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("picture", 400, "INVALID_FILE_FORMAT"),
        ("missing", 404, "ASSET_NOT_FOUND"),
        ("threshold", 422, "INVALID_REQUEST"),
    ],
)
async def test_what_cannot_be_analysed_is_refused_with_its_reason(client, photo_id, name, status, code):
    body = {
        "picture": {"video_asset_id": photo_id},
        "missing": {"video_asset_id": "00000000-0000-4000-8000-000000000000"},
        "threshold": {"video_asset_id": photo_id, "shot_detection_threshold": 1.5},
    }[name]
    answer = await client.post("/analyze-video-shots?wait=60", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.fixture(scope="module")
async def photo_id(client: httpx.AsyncClient) -> str:
    out = io.BytesIO()
    Image.fromarray(photograph("rocket")).save(out, "JPEG")
    return await uploaded(client, out.getvalue(), "rocket.jpg")


async def test_an_unknown_detector_is_named_with_those_there_are(client, analysis):
    answer = await analyzed(client, analysis["video_asset_id"], detector="nonsense")
    assert answer.status_code == 422
    assert "default" in answer.json()["error"]["message"]


async def test_sound_alone_is_no_film(client):
    answer = await client.post("/upload-media", files={"file": ("sound.mp4", sound())})
    if answer.status_code == 200:
        answer = await analyzed(client, answer.json()["asset_id"])
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_FILE_FORMAT"


async def test_a_damaged_tail_is_reported_and_the_rest_analysed(client):
    frames = static(photograph("coffee"), 2.0) + static(photograph("chelsea"), 2.0)
    broken = bytearray(encoded(frames))
    # The pictures lie before the index: the last fifth of them is overwritten, the index stays.
    start, end = broken.index(b"mdat") + 4, broken.rindex(b"moov") - 4
    broken[start + (end - start) * 4 // 5 : end] = bytes(end - (start + (end - start) * 4 // 5))
    film_id = await uploaded(client, bytes(broken), "damaged.mp4")
    answer = await analyzed(client, film_id)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["shot_analyses"][0]["duration"] == pytest.approx(2.0, abs=0.081)
    damage = found["damage"]
    assert damage["lost_packets"] + damage["patched_frames"] > 0


async def test_stored_shots_are_listed_filtered_and_suggested(client, analysis):
    film_id = analysis["video_asset_id"]
    body = {
        "video_asset_id": film_id,
        "shots": analysis["shot_analyses"],
        "scene_context": "A quiet breakfast before the flight",
        "manual_tags": ["kitchen", "calm_morning"],
    }
    stored = (await client.post("/store-shot-data", json=body)).json()
    assert (stored["stored_shots"], stored["replaced"]) == (3, 0)
    again = (await client.post("/store-shot-data", json=body)).json()
    assert (again["shot_ids"], again["replaced"]) == (stored["shot_ids"], 3)

    listed = (await client.get(f"/videos/{film_id}/shots", params={"limit": 2})).json()
    assert len(listed["items"]) == 2
    rest = (await client.get(f"/videos/{film_id}/shots", params={"cursor": listed["next_cursor"]})).json()
    assert {s["shot_id"] for s in [*listed["items"], *rest["items"]]} == set(stored["shot_ids"])
    panned = (await client.get("/shots", params={"movement_type": "pan_right", "video_asset_id": film_id})).json()
    assert [s["number"] for s in panned["items"]] == [2]

    other = await client.post(
        "/store-shot-data",
        json={
            "video_asset_id": film_id,
            "shots": [
                {
                    "start_time": 100,
                    "end_time": 104,
                    "movement_type": "handheld",
                    "camera_angle": "close_up",
                    "emotional_tone": "tense",
                    "description": "Two men shout at each other in a dark alley",
                    "tags": ["close_up", "dramatic"],
                }
            ],
        },
    )
    fight = other.json()["shot_ids"][0]
    wish = {
        "scene_description": "Dramatic confrontation between two characters",
        "emotional_tone": "tense",
        "genre_context": "thriller",
        "desired_tags": ["close_up", "dramatic"],
        "limit": 2,
    }
    answer = (await client.post("/suggest-shots", json=wish)).json()
    assert answer["total_suggestions"] == len(answer["suggested_shots"]) == 2
    best = answer["suggested_shots"][0]
    assert best["shot_id"] == fight
    assert best["similarity_score"] > answer["suggested_shots"][1]["similarity_score"]
    assert best["reasons"][0]["score"] * best["reasons"][0]["weight"] <= best["similarity_score"]
    assert {"video_asset_id", "movement_type", "emotional_tone", "tags", "technical_notes"} <= set(best)


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ({"palette": ["x" * 9000]}, 422),
        ({"palette": [10**30]}, 200),
        ({"lighting": {"a\0b": 1}}, 422),
        ({"confidence": [[[[[[[[[1]]]]]]]]]}, 422),
        ({"lighting": {"$set": {"a.b": 1}}}, 200),
        ({"palette": "of the client's own making", "anything": ["x" * 9000]}, 200),
    ],
)
async def test_what_is_kept_beside_the_labels_is_bounded(client, analysis, extra, status):
    shot = {"start_time": 200, "end_time": 201, **extra}
    body = {"video_asset_id": analysis["video_asset_id"], "shots": [shot]}
    before = (await client.get("/shots", params={"limit": 1})).json()["items"]
    answer = await client.post("/store-shot-data", json=body)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert (await client.get("/shots", params={"limit": 1})).json()["items"] == before


async def test_shots_and_keyframes_go_with_their_film(client, film):
    film_id = await uploaded(client, film + b"\0" * 24)
    shots = (await analyzed(client, film_id)).json()["shot_analyses"]
    await client.post("/store-shot-data", json={"video_asset_id": film_id, "shots": shots})
    keyframe = shots[0]["keyframes"][0]["asset_id"]
    await client.delete(f"/assets/{film_id}")
    assert (await client.get(f"/assets/{keyframe}")).status_code == 404

    async def gone() -> bool:
        return not (await client.get("/shots", params={"video_asset_id": film_id})).json()["items"]

    await until(gone)


async def test_a_contact_sheet_shows_every_shot(client, analysis):
    film_id = analysis["video_asset_id"]
    answer = await client.get(f"/videos/{film_id}/contact-sheet", params={"columns": 2, "width": 200})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    sheet = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert sheet.shape[1] == 8 + 2 * 208
    again = await client.get(
        f"/videos/{film_id}/contact-sheet",
        params={"columns": 2, "width": 200},
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304
    assert (await client.get(f"/videos/{film_id}/contact-sheet", params={"first": 9})).status_code == 404


async def test_the_newest_analysis_is_shown_page_by_page(client, analysis):
    film_id = analysis["video_asset_id"]
    first = (await client.get(f"/videos/{film_id}/analysis", params={"limit": 2})).json()
    assert first["analysis_id"] == analysis["analysis_id"]
    assert (first["total_shots"], first["threshold"], first["model_version"]) == (3, 0.3, analysis["model_version"])
    rest = await client.get(f"/videos/{film_id}/analysis", params={"cursor": first["next_cursor"]})
    assert rest.json()["next_cursor"] is None
    assert [*first["items"], *rest.json()["items"]] == analysis["shot_analyses"]
    assert analysis["more"] is None


async def test_a_film_that_was_not_analysed_has_no_analysis(client, film, photo_id):
    film_id = await uploaded(client, film + b"\0" * 40)
    answer = await client.get(f"/videos/{film_id}/analysis")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert (await client.get(f"/videos/{photo_id}/analysis")).status_code == 400


async def keyframes_of(client: httpx.AsyncClient, film_id: str) -> set[str]:
    listed = await client.get("/assets", params={"derived_from": film_id, "limit": 100})
    return {item["asset_id"] for item in listed.json()["items"]}


async def test_a_newer_analysis_takes_the_place_of_the_older_and_its_keyframes(client, film):
    film_id = await uploaded(client, film + b"\0" * 48)
    # A detector of fades sees no cut: one shot, with other keyframes.
    old = (await analyzed(client, film_id, detector="threshold")).json()
    assert old["total_shots"] == 1
    old_frames = await keyframes_of(client, film_id)
    kept = old["shot_analyses"][0]["keyframes"][0]["asset_id"]
    await client.post("/store-shot-data", json={"video_asset_id": film_id, "shots": old["shot_analyses"]})
    # What a user does to a keyframe does not matter to the sheet.
    await client.patch(f"/assets/{kept}", json={"metadata": {"shot_timecode": None, "shot": None}})
    assert (await client.get(f"/videos/{film_id}/contact-sheet")).status_code == 200

    new = (await analyzed(client, film_id)).json()
    assert new["total_shots"] == 3
    named = {frame["asset_id"] for shot in new["shot_analyses"] for frame in shot["keyframes"]}
    # Those of the old one are gone, but for the one that a shot of the library shows.
    assert await keyframes_of(client, film_id) == named | {kept}
    assert old_frames - named - {kept}
    shown = (await client.get(f"/videos/{film_id}/analysis")).json()
    assert (shown["analysis_id"], shown["total_shots"]) == (new["analysis_id"], 3)
    # A cursor of the older one does not go on with the shots of another.
    mixed = await client.get(f"/videos/{film_id}/analysis", params={"cursor": f"{old['analysis_id']}:1"})
    assert (mixed.status_code, mixed.json()["error"]["code"]) == (422, "INVALID_REQUEST")
    plain = await client.get(f"/videos/{film_id}/analysis", params={"cursor": "1"})
    assert [shot["shot_id"] for shot in plain.json()["items"]] == [2, 3]
    sheet = await client.get(f"/videos/{film_id}/contact-sheet", params={"columns": 1, "width": 160})
    assert np.asarray(Image.open(io.BytesIO(sheet.content))).shape[0] == 34 + 3 * (90 + 22 + 8) + 8

    # A keyframe that a user deletes leaves a gap, not an error.
    await client.delete(f"/assets/{new['shot_analyses'][1]['keyframes'][0]['asset_id']}")
    assert (await client.get(f"/videos/{film_id}/contact-sheet")).status_code == 200
    # One without keyframes is the newest, and the sheet goes on showing the last one with them.
    bare = (await analyzed(client, film_id, extract_keyframes=False)).json()
    assert (await client.get(f"/videos/{film_id}/analysis")).json()["analysis_id"] == bare["analysis_id"]
    assert (await client.get(f"/videos/{film_id}/contact-sheet")).status_code == 200


@pytest.mark.parametrize("name", ["content", "adaptive"])
async def test_a_named_detector_sees_the_film_in_the_one_pass(client, film, name):
    film_id = await uploaded(client, film + b"\0" * (56 + len(name)))
    found = (await analyzed(client, film_id, detector=name)).json()
    assert found["detector"] == name
    assert [round(shot["start_time"], 1) for shot in found["shot_analyses"]] == [0, 2.0, 4.4]


async def test_a_film_that_was_not_analysed_has_no_contact_sheet(client, film, photo_id):
    film_id = await uploaded(client, film + b"\0" * 32)
    answer = await client.get(f"/videos/{film_id}/contact-sheet")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert "analyze-video-shots" in answer.json()["error"]["details"]
    assert (await client.get(f"/videos/{photo_id}/contact-sheet")).status_code == 400


async def test_a_film_that_does_not_say_how_long_it_is_is_read_to_its_end(client):
    """As browsers record it: no duration in the header, and longer than one stretch."""
    frames = static(photograph("coffee"), 62.0) + static(photograph("chelsea"), 3.0)
    film_id = await uploaded(client, encoded(frames, "matroska", options={"live": "1"}), "live.mkv")
    answer = await analyzed(client, film_id)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["video_duration"] == pytest.approx(65.0, abs=0.1)
    assert [round(shot["start_time"]) for shot in found["shot_analyses"]] == [0, 62]
    assert found["analysed_frames"] == 65 * 25
