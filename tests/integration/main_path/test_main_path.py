"""The main job over REST with every kind of model: photographs in, judgements out."""

from __future__ import annotations

import asyncio
import itertools
import math

import httpx
import numpy as np
import pytest
from tests.integration.conftest import StartPlatform
from tests.integration.main_path.photographs import NAMES, SAME_PICTURE, encoded, jpeg, picture
from tests.integration.platform import Platform
from tests.unit.inference.tiny_models import write_tiny_convnext, write_tiny_vit

from dino_common.contracts import OPERATIONS


@pytest.fixture(scope="module", params=["built-in", "dinov3-vit", "dinov3-convnext"])
async def served(request, platform: Platform, start_platform: StartPlatform, tmp_path_factory) -> Platform:
    """A platform on each kind of model; the tiny ones have random weights, so only the numbers differ."""
    if request.param == "built-in":
        yield platform
        return
    directory = tmp_path_factory.mktemp("model") / f"tiny-{request.param}"
    (write_tiny_vit if request.param == "dinov3-vit" else write_tiny_convnext)(directory)
    running = await start_platform(DINOV3_MODEL_NAME=str(directory))
    yield running
    await running.stop()


@pytest.fixture(scope="module")
async def api(served: Platform):
    async with served.client() as client:
        yield client


@pytest.fixture(scope="module")
async def library(api: httpx.AsyncClient) -> dict[str, str]:
    """Asset ids of the photographs, by name."""
    ids = {}
    for name in NAMES:
        ids[name] = (await upload(api, jpeg(name), f"{name}.jpg"))["asset_id"]
    return ids


async def upload(api: httpx.AsyncClient, data: bytes, name: str = "picture.jpg", **form: str) -> dict:
    answer = await api.post("/upload-media", files={"file": (name, data)}, data=form)
    return checked(answer, "upload-media")


def checked(answer: httpx.Response, operation: str) -> dict:
    """The answer's body, valid by the operation's own contract."""
    assert answer.status_code == 200, answer.text
    OPERATIONS[operation].response.model_validate(answer.json())
    return answer.json()


async def ask(api: httpx.AsyncClient, operation: str, **body) -> dict:
    return checked(await api.post(f"/{operation}", json=body), operation)


async def test_upload_tells_what_was_stored(api: httpx.AsyncClient):
    data = jpeg("astronaut")
    answer = await upload(api, data, "hero.png", tags='["hero"]', metadata='{"scene": 3}')
    assert (answer["format"], answer["content_type"]) == ("JPEG", "image/jpeg")
    assert (answer["width"], answer["height"], answer["file_size"]) == (512, 512, len(data))
    assert answer["public_url"] == answer["media_url"]
    assert answer["metadata"]["size"] == len(data)
    assert answer["upload_timestamp"].endswith("Z")
    assert (await api.get(answer["public_url"])).content == data
    asset = (await api.get(f"/assets/{answer['asset_id']}")).json()
    assert (asset["tags"], asset["metadata"]) == (["hero"], {"scene": 3})


async def test_features_are_unit_vectors_of_the_models_width(api: httpx.AsyncClient, library: dict[str, str]):
    answer = await ask(api, "extract-features", asset_id=library["chelsea"])
    vector = np.array(answer["features"])
    assert len(vector) == answer["dimension"]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert answer["features_extracted"] is True
    assert answer["model_version"].startswith(answer["model"])
    again = await ask(api, "extract-features", asset_id=library["chelsea"])
    assert again["cached"] is True
    assert again["features"] == answer["features"]
    assert again["features_timestamp"] == answer["features_timestamp"]
    stored = checked(await api.get(f"/assets/{library['chelsea']}/features"), "get-asset-features")
    np.testing.assert_allclose(stored["features"], answer["features"], atol=1e-7)


async def test_patch_tokens_come_on_request(api: httpx.AsyncClient, library: dict[str, str]):
    import base64

    answer = await ask(api, "extract-features", asset_id=library["coins"], patches="inline")
    patches = answer["patch_features"]
    tokens = np.frombuffer(base64.b64decode(patches["data"]), "<f2")
    assert tokens.size == patches["rows"] * patches["columns"] * patches["dimension"]
    assert np.isfinite(tokens).all()
    assert tokens.astype(np.float32).std() > 0
    linked = await ask(api, "extract-features", asset_id=library["coins"], patches="object")
    async with httpx.AsyncClient(trust_env=False) as plain:
        file = await plain.get(linked["patch_features"]["url"])
    import io

    np.testing.assert_array_equal(np.load(io.BytesIO(file.content)).ravel(), tokens)


async def test_consistency_answers_both_documents_fields(api: httpx.AsyncClient, library: dict[str, str]):
    one, two = library["astronaut"], library["rocket"]
    numbered = await ask(api, "validate-consistency", asset_id_1=one, asset_id_2=two)
    named = await ask(api, "validate-consistency", reference_asset_id=one, test_asset_id=two)
    for answer in (numbered, named):
        assert (answer["asset_id_1"], answer["asset_id_2"]) == (one, two)
        assert (answer["reference_asset_id"], answer["test_asset_id"]) == (one, two)
        cosine = answer["cosine_similarity"]
        assert answer["similarity_score"] == pytest.approx(100 * max(0, cosine), abs=0.051)
        assert answer["euclidean_distance"] == pytest.approx(math.sqrt(max(0, 2 - 2 * cosine)), abs=1e-5)
        assert answer["same_character"] == (answer["similarity_score"] >= answer["threshold"])
        assert f"{answer['threshold']:g}" in answer["explanation"]
    assert numbered["cosine_similarity"] == named["cosine_similarity"]


async def test_threshold_of_the_request_wins_and_is_named(api: httpx.AsyncClient, library: dict[str, str]):
    pair = {"asset_id_1": library["coffee"], "asset_id_2": library["coins"]}
    low = await ask(api, "validate-consistency", **pair, threshold=0)
    high = await ask(api, "validate-consistency", **pair, threshold=100)
    assert (low["same_character"], high["same_character"]) == (True, False)
    assert low["threshold_source"] == high["threshold_source"] == "request"
    shop = await ask(api, "validate-consistency", **pair, category="electronics")
    assert (shop["threshold"], shop["threshold_source"]) == (90, "category")


async def test_unknown_category_is_refused(api: httpx.AsyncClient, library: dict[str, str]):
    pair = {"asset_id_1": library["coffee"], "asset_id_2": library["coins"], "category": "spaceships"}
    answer = await api.post("/validate-consistency", json=pair)
    assert answer.status_code == 422
    assert "electronics" in answer.json()["error"]["message"]


async def test_quality_is_graded_and_explained(api: httpx.AsyncClient, library: dict[str, str]):
    good = await ask(api, "analyze-quality", asset_id=library["chelsea"])
    blurred = picture("chelsea").resize((40, 27)).resize(picture("chelsea").size)
    bad = await ask(api, "analyze-quality", asset_id=(await upload(api, encoded(blurred)))["asset_id"])
    assert bad["quality_score"] < good["quality_score"]
    assert bad["technical_metrics"]["sharpness"] < good["technical_metrics"]["sharpness"]
    assert good["passes"] == (good["quality_score"] >= good["threshold"])
    assert good["recommendations"]
    vector = np.array((await ask(api, "extract-features", asset_id=library["chelsea"]))["features"])
    assert good["feature_stats"]["max"] == pytest.approx(vector.max(), abs=1e-6)


async def test_best_match_is_the_nearest(api: httpx.AsyncClient, library: dict[str, str]):
    copy = (await upload(api, SAME_PICTURE["re-encoded"](picture("coffee"))))["asset_id"]
    others = [library[name] for name in ("astronaut", "rocket", "coffee", "coins")]
    answer = await ask(api, "find-best-match", reference_asset_id=copy, candidate_asset_ids=others)
    assert answer["best_match"]["asset_id"] == library["coffee"]
    assert answer["best_match"]["filename"] == "coffee.jpg"
    scores = [match["cosine_similarity"] for match in answer["ranked_results"]]
    assert scores == sorted(scores, reverse=True)
    assert answer["candidates_processed"] == 4


async def test_matrix_is_symmetric_and_agrees_with_single_pairs(api: httpx.AsyncClient, library: dict[str, str]):
    ids = [library[name] for name in NAMES[:4]]
    answer = await ask(api, "batch-similarity", asset_ids=ids, comparison_type="all_pairs")
    matrix = np.array(answer["similarity_matrix"])
    assert answer["asset_ids"] == ids
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1)
    single = await ask(api, "calculate-similarity", asset_id_1=ids[0], asset_id_2=ids[3])
    assert matrix[0, 3] == pytest.approx(single["cosine_similarity"], abs=1e-5)


async def test_similar_pictures_are_found_in_the_library(api: httpx.AsyncClient, library: dict[str, str]):
    copy = await upload(api, SAME_PICTURE["halved"](picture("rocket")), tags='["copy"]')
    await ask(api, "extract-features", asset_id=copy["asset_id"])
    found = await until_found(api, library["rocket"], asset_id=copy["asset_id"], limit=10)
    assert found[0] == library["rocket"]
    assert copy["asset_id"] not in found
    filters = {"tags_all": ["copy"], "kind": "image"}
    assert await until_found(api, copy["asset_id"], asset_id=library["rocket"], limit=3, filters=filters) == [
        copy["asset_id"]
    ]


async def until_found(api: httpx.AsyncClient, wanted: str, **question) -> list[str]:
    """Ask until the wanted asset is among the hits: indexing follows extraction a moment later."""
    for _ in range(400):
        answer = await ask(api, "find-similar", **question)
        ids = [item["asset_id"] for item in answer["items"]]
        if wanted in ids:
            return ids
        await asyncio.sleep(0.02)
    raise AssertionError("the picture did not come into the index")


async def test_batches_answer_item_by_item(api: httpx.AsyncClient, library: dict[str, str]):
    ids = [library["astronaut"], "00000000-0000-4000-8000-000000000000", library["coffee"]]
    answer = checked(await api.post("/batch-extract-features", json={"asset_ids": ids}), "batch-extract-features")
    assert (answer["succeeded"], answer["failed"]) == (2, 1)
    assert answer["results"][1]["error"]["code"] == "ASSET_NOT_FOUND"
    quality = checked(await api.post("/batch-analyze-quality", json={"asset_ids": ids}), "batch-analyze-quality")
    assert quality["results"][0]["result"]["quality_grade"]
    verdicts = checked(
        await api.post("/batch-validate-consistency", json={"reference_asset_id": ids[0], "asset_ids": ids}),
        "batch-validate-consistency",
    )
    assert verdicts["results"][0]["result"]["same_character"] is True
    assert verdicts["consistent"] >= 1


@pytest.mark.parametrize("change", SAME_PICTURE, ids=list(SAME_PICTURE))
async def test_same_picture_changed_is_still_the_same(platform: Platform, change: str):
    """With the built-in model and its own calibrated threshold."""
    async with platform.client() as api:
        for name in NAMES:
            original = (await upload(api, jpeg(name)))["asset_id"]
            changed = (await upload(api, SAME_PICTURE[change](picture(name))))["asset_id"]
            verdict = await ask(api, "validate-consistency", asset_id_1=original, asset_id_2=changed)
            assert verdict["threshold_source"] == "model_card"
            assert verdict["same_character"], (name, change, verdict["similarity_score"], verdict["threshold"])


async def test_different_subjects_are_told_apart(platform: Platform):
    async with platform.client() as api:
        ids = {name: (await upload(api, jpeg(name)))["asset_id"] for name in NAMES}
        for one, two in itertools.combinations(NAMES, 2):
            verdict = await ask(api, "validate-consistency", asset_id_1=ids[one], asset_id_2=ids[two])
            assert not verdict["same_character"], (one, two, verdict["similarity_score"], verdict["threshold"])
