"""The look of pictures over REST: described, composed, matched, cut, compared and judged by a real model."""

from __future__ import annotations

import base64
import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from skimage import data
from tests.integration.main_path.photographs import encoded, picture
from tests.integration.platform import Platform

from dino_common.settings import Settings
from dino_common.stores.mongo import Mongo

MISSING = "00000000-0000-4000-8000-00000000000a"


async def upload(api: httpx.AsyncClient, image: Image.Image, name: str = "picture") -> str:
    answer = await api.post("/upload-media", files={"file": (f"{name}.png", encoded(image, "PNG"))})
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]


async def ask(api: httpx.AsyncClient, operation: str, **fields: Any) -> dict[str, Any]:
    answer = await api.post(f"/{operation}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def drawn(body: dict[str, Any]) -> Image.Image:
    shown = Image.open(io.BytesIO(base64.b64decode(body["drawing"]["data"])))
    assert shown.format == "PNG"
    assert shown.size == (body["drawing"]["width"], body["drawing"]["height"])
    assert max(shown.size) <= 1024
    return shown


@pytest.fixture
async def mongo(platform: Platform, monkeypatch: pytest.MonkeyPatch):
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    opened = await Mongo.connect(Settings())
    yield opened
    await opened.close()


async def test_a_picture_is_described_once_and_the_description_goes_with_it(platform: Platform, mongo: Mongo):
    async with platform.client() as api:
        # Its own bytes, so that no other test's asset keeps the description.
        coffee = picture("coffee").crop((3, 5, 597, 395))
        asset_id = await upload(api, coffee)
        first = await ask(api, "describe-visuals", asset_id=asset_id, palette_size=3, drawing=True)
        assert first["cached"] is False
        assert len(first["palette"]) == 3
        assert first["lighting"]["temperature"]["value"] == "warm"
        assert first["colors"]["saturation"] == "vivid"
        assert first["subject"]["position"] == "centre"
        assert first["pose"] == {"value": "unknown", "confidence": 0.0, "reason": "no_person_found"}
        assert first["faces"] == 0
        assert "palette of" in first["text"]
        drawn(first)
        again = await ask(api, "describe-visuals", asset_id=asset_id)
        assert again["cached"] is True
        assert again["text"] == first["text"]
        assert again["palette"][:3] == first["palette"]
        sha256 = (await api.get(f"/assets/{asset_id}")).json()["sha256"]
        kept = await mongo.db["descriptions"].find_one({"sha256": sha256})
        assert kept is not None
        assert kept["text"] == first["text"]
        async with await mongo.db["descriptions"].watch() as changes:
            await api.delete(f"/assets/{asset_id}")
            async for change in changes:
                if change["operationType"] == "delete" and change["documentKey"]["_id"] == kept["_id"]:
                    break
        assert await mongo.db["descriptions"].count_documents({"sha256": sha256}) == 0


async def test_composition_is_scored_and_drawn(platform: Platform):
    async with platform.client() as api:
        asset_id = await upload(api, picture("camera"))
        body = await ask(api, "analyze-composition", asset_id=asset_id)
        assert body["scheme"]["value"] == "rule_of_thirds"
        assert body["subject"]["x"] < 0.45
        scores = (body[name]["value"] for name in ("rule_of_thirds", "symmetry", "balance", "simplicity"))
        assert all(0 <= value <= 1 for value in scores)
        drawn(body)
        plain = await ask(api, "analyze-composition", asset_id=asset_id, drawing=False)
        assert plain["drawing"] is None
        shown = await api.post("/analyze-composition", json={"asset_id": asset_id}, headers={"Accept": "image/png"})
        assert shown.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(shown.content)).width <= 1024


async def test_style_is_matched_against_words_and_references(platform: Platform):
    async with platform.client() as api:
        coffee, astronaut = picture("coffee"), picture("astronaut")
        asset_id = await upload(api, coffee)
        part = await upload(api, coffee.crop((40, 20, 560, 380)))
        other = await upload(api, astronaut)
        fits = {"palette": ["brown", "red"], "temperature": "warm", "saturation": "vivid"}
        misses = {"palette": ["teal", "lavender"], "temperature": "cool", "saturation": "monochrome"}
        good = await ask(api, "match-style", asset_id=asset_id, brief=fits, drawing=True)
        bad = await ask(api, "match-style", asset_id=asset_id, brief=misses)
        assert good["score"] > 70 > 30 > bad["score"]
        assert good["matches"] is True
        assert bad["matches"] is False
        assert "Missed" in bad["explanation"]
        drawn(good)
        near = await ask(api, "match-style", asset_id=asset_id, reference_asset_ids=[part])
        far = await ask(api, "match-style", asset_id=asset_id, reference_asset_ids=[other])
        assert near["references"]["score"] > far["references"]["score"] + 20


async def test_what_the_picture_does_not_tell_is_left_out_of_the_match(platform: Platform):
    async with platform.client() as api:
        asset_id = await upload(api, picture("coffee"))
        body = await ask(api, "match-style", asset_id=asset_id, brief={"camera_angle": "low_angle"})
        assert body["score"] is None
        assert body["matches"] is None
        assert body["brief"]["coverage"] == 0
        assert body["brief"]["parts"][0]["found"] == "unknown"


async def test_objects_are_found_where_they_are(platform: Platform):
    async with platform.client() as api:
        motorcycle = Image.fromarray(data.stereo_motorcycle()[0])
        asset_id = await upload(api, motorcycle)
        body = await ask(api, "discover-objects", asset_id=asset_id)
        first = body["objects"][0]
        box = first["box"]
        truth = (0.13, 0.17, 0.93, 0.9)
        across = min(box["right"], truth[2]) - max(box["left"], truth[0])
        down = min(box["bottom"], truth[3]) - max(box["top"], truth[1])
        union = (box["right"] - box["left"]) * (box["bottom"] - box["top"]) + 0.8 * 0.73 - across * down
        assert across * down / union > 0.6
        height, width = first["mask"]["size"]
        assert (height, width) == (body["height"], body["width"])
        values = np.arange(len(first["mask"]["counts"])) % 2 == 1
        mask = np.repeat(values, first["mask"]["counts"]).reshape((height, width), order="F")
        assert mask.mean() == pytest.approx(first["area"], abs=1e-3)
        drawn(body)
        planes = await ask(api, "discover-objects", asset_id=asset_id, masks="png", max_objects=1, drawing=False)
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(planes["objects"][0]["mask_png"]))))
        assert ((shown > 0) == mask).mean() > 0.999


async def test_an_even_texture_has_no_objects(platform: Platform):
    async with platform.client() as api:
        asset_id = await upload(api, Image.fromarray(data.gravel()))
        body = await ask(api, "discover-objects", asset_id=asset_id)
        assert body["objects"] == []
        assert body["reason"] == "nothing_parts_from_the_background"


async def test_two_angles_of_one_thing_correspond_and_two_things_do_not(platform: Platform):
    async with platform.client() as api:
        left, right, _ = data.stereo_motorcycle()
        first, second = await upload(api, Image.fromarray(left)), await upload(api, Image.fromarray(right))
        body = await ask(api, "find-correspondences", asset_id_1=first, asset_id_2=second, max_matches=50)
        assert body["same_thing"] is True
        assert body["inlier_share"] > 0.6
        assert len(body["matches"]) == 50
        # The right eye sees everything further left, at the same height.
        moved = [(m["x2"] - m["x1"], m["y2"] - m["y1"]) for m in body["matches"] if m["fits"]]
        assert np.median([x for x, _ in moved]) < -0.02
        assert abs(np.median([y for _, y in moved])) < 0.01
        drawn(body)
        other = await upload(api, picture("chelsea"))
        apart = await ask(api, "find-correspondences", asset_id_1=first, asset_id_2=other)
        assert apart["same_thing"] is False


async def test_a_foreign_patch_is_implausible_beside_its_references(platform: Platform):
    async with platform.client() as api:
        coffee = picture("coffee")
        views = [coffee.crop((x, y, x + 540, y + 360)) for x, y in ((0, 0), (60, 40), (0, 40), (60, 0), (30, 20))]
        references = [await upload(api, view) for view in views[:4]]
        clean, planted = views[4], views[4].copy()
        planted.paste(picture("chelsea").crop((90, 40, 330, 230)).resize((130, 104)), (390, 20))
        good = await ask(api, "assess-plausibility", asset_id=await upload(api, clean), reference_asset_ids=references)
        bad = await ask(api, "assess-plausibility", asset_id=await upload(api, planted), reference_asset_ids=references)
        assert (good["verdict"], good["regions"]) == ("plausible", [])
        assert (bad["verdict"], len(bad["regions"])) == ("implausible", 1)
        box = bad["regions"][0]["box"]
        assert 0.6 < box["left"] < 0.75
        assert box["right"] > 0.95
        assert box["bottom"] < 0.5
        assert bad["regions"][0]["contains"] == []
        assert bad["detector"] == "mediapipe-0.10.21"
        drawn(bad)
        few = await ask(
            api, "assess-plausibility", asset_id=await upload(api, planted), reference_asset_ids=references[:2]
        )
        assert (few["verdict"], few["plausibility_score"], few["confidence"]) == ("unknown", None, 0)


@pytest.mark.parametrize(
    ("operation", "fields", "status", "code"),
    [
        ("describe-visuals", {"asset_id": MISSING}, 404, "ASSET_NOT_FOUND"),
        ("describe-visuals", {"asset_id": "astronaut"}, 422, "INVALID_REQUEST"),
        ("describe-visuals", {"asset_id": "$", "palette_size": 0}, 422, "INVALID_REQUEST"),
        ("analyze-composition", {"asset_id": MISSING}, 404, "ASSET_NOT_FOUND"),
        ("match-style", {"asset_id": "$"}, 422, "INVALID_REQUEST"),
        ("match-style", {"asset_id": "$", "brief": {}}, 422, "INVALID_REQUEST"),
        ("match-style", {"asset_id": "$", "brief": {"palette": ["squid ink"]}}, 422, "INVALID_REQUEST"),
        ("match-style", {"asset_id": "$", "brief": {"key": "dim"}}, 422, "INVALID_REQUEST"),
        ("match-style", {"asset_id": "$", "reference_asset_ids": [MISSING]}, 404, "ASSET_NOT_FOUND"),
        ("discover-objects", {"asset_id": "$", "tau": 2}, 422, "INVALID_REQUEST"),
        ("discover-objects", {"asset_id": MISSING}, 404, "ASSET_NOT_FOUND"),
        ("find-correspondences", {"asset_id_1": "$"}, 422, "INVALID_REQUEST"),
        ("find-correspondences", {"asset_id_1": "$", "asset_id_2": MISSING}, 404, "ASSET_NOT_FOUND"),
        ("assess-plausibility", {"asset_id": "$", "reference_asset_ids": []}, 422, "INVALID_REQUEST"),
        ("assess-plausibility", {"asset_id": "$", "reference_asset_ids": ["$"]}, 422, "INVALID_REQUEST"),
        ("assess-plausibility", {"asset_id": "$", "reference_asset_ids": [MISSING]}, 404, "ASSET_NOT_FOUND"),
    ],
)
async def test_bad_requests_are_refused(platform: Platform, operation: str, fields: dict, status: int, code: str):
    async with platform.client() as api:
        asset_id = await upload(api, picture("coins"))

        def filled(value: Any) -> Any:
            return asset_id if value == "$" else [filled(one) for one in value] if isinstance(value, list) else value

        answer = await api.post(f"/{operation}", json={name: filled(value) for name, value in fields.items()})
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("size", [(20, 20), (1200, 12)])
async def test_pictures_too_small_to_look_at_are_refused(platform: Platform, size: tuple[int, int]):
    async with platform.client() as api:
        asset_id = await upload(api, Image.new("RGB", size, (120, 90, 60)))
        for operation in ("describe-visuals", "analyze-composition", "discover-objects"):
            answer = await api.post(f"/{operation}", json={"asset_id": asset_id})
            assert answer.status_code == 422, answer.text
            assert answer.json()["error"]["code"] == "INVALID_REQUEST"
