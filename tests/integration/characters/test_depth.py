"""Pairs in depth over REST: patch agreement, the drawn explanation, and light and framing taken out of a verdict."""

from __future__ import annotations

import base64
import io

import httpx
import numpy as np
import pytest
from PIL import Image, ImageEnhance
from tests.integration.characters.conftest import upload
from tests.integration.characters.test_characters import checked, code
from tests.integration.main_path.photographs import encoded, picture

from dino_common.contracts import OPERATIONS


async def ask(api: httpx.AsyncClient, operation: str, first: str, second: str, **more) -> dict:
    answer = await api.post(f"/{operation}", json={"asset_id_1": first, "asset_id_2": second} | more)
    return checked(answer, operation)


@pytest.fixture(scope="module")
async def dim(api) -> str:
    """The astronaut at a third of the light, and under a warm lamp."""
    dark = np.asarray(ImageEnhance.Brightness(picture("astronaut")).enhance(0.4), dtype=np.float32)
    warm = np.clip(dark * np.array([1.2, 0.95, 0.55]), 0, 255).astype(np.uint8)
    return await upload(api, encoded(Image.fromarray(warm)))


@pytest.fixture(scope="module")
async def close(api) -> str:
    """The astronaut, 1.6 times as close."""
    whole = picture("astronaut")
    side = round(whole.width / 1.6)
    left, top = 60, 10
    part = whole.crop((left, top, left + side, top + side)).resize(whole.size, Image.Resampling.LANCZOS)
    return await upload(api, encoded(part))


async def test_copies_agree_patch_by_patch_and_other_pictures_do_not(api, library):
    copy = await ask(api, "calculate-similarity", library["astronaut"], library["re-encoded"])
    other = await ask(api, "calculate-similarity", library["astronaut"], library["coffee"])
    assert copy["patch_agreement"]["mutual_share"] > 0.9
    assert copy["patch_agreement"]["score"] > 0.9
    assert other["patch_agreement"]["mutual_share"] < 0.5
    assert other["patch_agreement"]["score"] < copy["patch_agreement"]["score"] - 0.3
    back = await ask(api, "calculate-similarity", library["coffee"], library["astronaut"])
    assert back["patch_agreement"] == other["patch_agreement"]
    without = await ask(api, "calculate-similarity", library["astronaut"], library["coffee"], patches=False)
    assert without["patch_agreement"] is None
    assert without["raw_cosine_similarity"] is None


async def test_the_raw_cosine_is_that_of_the_class_tokens(api, library):
    pair = library["astronaut"], library["coffee"]
    answer = await ask(api, "calculate-similarity", *pair)
    # Raw cosines of unrelated photographs lie near 1 in this model: that is what centring is for.
    assert answer["cosine_similarity"] < 0.6 < 0.8 < answer["raw_cosine_similarity"] < 1
    copy = await ask(api, "calculate-similarity", library["astronaut"], library["re-encoded"])
    assert answer["raw_cosine_similarity"] < copy["raw_cosine_similarity"] <= 1
    explained = await ask(api, "validate-consistency", *pair, explain=True)
    assert explained["raw_cosine_similarity"] == answer["raw_cosine_similarity"]


async def test_the_explanation_shows_where_a_picture_was_changed(api, library):
    changed = picture("astronaut").copy()
    changed.paste(picture("coffee").resize((170, 170)), (0, 342))
    answer = await ask(api, "explain-similarity", library["astronaut"], await upload(api, encoded(changed)))
    assert answer["regions_2"][0]["region"] == "lower left"
    assert answer["regions_2"][0]["match"] < answer["regions_2"][-1]["match"] - 0.2
    assert "lower left" in answer["explanation"]
    drawing = Image.open(io.BytesIO(base64.b64decode(answer["drawing"]["data"])))
    assert drawing.size == (answer["drawing"]["width"], answer["drawing"]["height"])
    assert max(drawing.size) <= 1024


async def test_the_drawing_comes_alone_when_a_picture_is_asked_for(api, library):
    pair = {"asset_id_1": library["astronaut"], "asset_id_2": library["coffee"]}
    answer = await api.post("/explain-similarity", json=pair, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).format == "PNG"


async def test_light_explains_a_picture_under_other_light(api, library, dim):
    answer = await ask(api, "validate-consistency", library["astronaut"], dim, explain=True)
    depth = answer["depth"]
    assert depth["lighting_share"] > 0.2
    assert depth["framing_share"] < depth["lighting_share"]
    assert depth["identity_score"] > answer["similarity_score"]
    assert depth["lighting"]["stops"] < -1
    assert "darker" in depth["explanation"]
    assert depth["lighting_share"] + depth["framing_share"] + depth["identity_share"] == pytest.approx(1, abs=0.001)


async def test_framing_explains_a_closer_picture(api, library, close):
    depth = (await ask(api, "validate-consistency", library["astronaut"], close, explain=True))["depth"]
    assert depth["framing"]["zoom"] == pytest.approx(1.6, abs=0.2)
    assert not depth["framing"]["same"]
    assert depth["framing_share"] > 0.2
    assert depth["same_identity"]
    assert "close" in depth["explanation"]


async def test_neither_makes_another_thing_the_same(api, library):
    depth = (await ask(api, "validate-consistency", library["astronaut"], library["coffee"], explain=True))["depth"]
    assert not depth["same_identity"]
    assert depth["identity_share"] > 0.7


async def test_without_asking_no_pixel_is_looked_at(api, library):
    answer = await ask(api, "validate-consistency", library["astronaut"], library["coffee"])
    assert answer["depth"] is None


@pytest.mark.parametrize("operation", ["explain-similarity", "calculate-similarity", "validate-consistency"])
async def test_bad_pairs_are_refused(api, library, operation):
    nobody = "00000000-0000-4000-8000-000000000000"
    pair = {"asset_id_1": library["coffee"], "asset_id_2": nobody}
    assert code(await api.post(f"/{operation}", json=pair)) == (404, "ASSET_NOT_FOUND")
    assert code(await api.post(f"/{operation}", json={"asset_id_1": nobody})) == (422, "INVALID_REQUEST")


async def test_categories_are_listed(api):
    items = checked(await api.get("/config/categories"), "list-categories")["items"]
    known = {item["name"]: item for item in items}
    assert (known["electronics"]["consistency"], known["electronics"]["quality"]) == (90, 85)
    assert known["moderation_good"]["quality"] == 75
    assert set(known["books"]) == set(
        OPERATIONS["list-categories"].response.model_json_schema()["$defs"]["CategorySet"]["properties"]
    )
