"""Pictures by the example generator as a process: judged, sent back with reasons, stored, and put into the gallery."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest
from tests.integration.characters.conftest import ExampleGenerator
from tests.integration.characters.test_characters import checked, code, made
from tests.integration.conftest import StartPlatform
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform
from tests.unit.inference.tiny_models import write_tiny_vit

PROMPT = {"prompt": "The astronaut before a window, light from the left", "width": 512, "height": 512}


async def ana(api: httpx.AsyncClient, library: dict[str, str]) -> str:
    character = await made(api, name="Ana", master_reference_asset_id=library["astronaut"])
    return f"/characters/{character['character_id']}"


async def test_a_picture_that_is_not_her_is_sent_back_with_reasons(api, library, generator: ExampleGenerator):
    path = await ana(api, library)
    answer = checked(await api.post(f"{path}/generate-image", json=PROMPT), "generate-character-image")
    assert answer["success"]
    assert answer["imageId"] == answer["dinoAssetId"]
    assert answer["validation"]["isValid"]
    assert answer["validation"]["consistencyScore"] >= answer["validation"]["threshold"]
    first, second = answer["attempts"]
    assert not first["validation"]["isValid"]
    assert "not recognised" in first["reasons"][0]
    assert (second["dinoAssetId"], second["reasons"]) == (answer["dinoAssetId"], [])
    orders = [json.loads(line) for line in generator.orders[-2:]]
    assert orders[0]["previous"] == []
    assert orders[1]["previous"][0]["reasons"] == first["reasons"]
    assert orders[1]["seed"] == orders[0]["seed"] + 1
    # Both are assets that say where they come from; the valid one is in the gallery, and both are in the history.
    for attempt in (first, second):
        asset = (await api.get(f"/assets/{attempt['dinoAssetId']}")).json()
        assert asset["metadata"]["generation_attempt"] == attempt["attempt"]
        assert "generated" in asset["tags"]
    picture = await httpx.AsyncClient(trust_env=False).get(str(api.base_url).split("/api")[0] + answer["imageUrl"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert answer["added_to_gallery"]
    assert [i["asset_id"] for i in (await api.get(path)).json()["images"]] == [answer["dinoAssetId"]]
    history = (await api.get(f"{path}/verdicts")).json()["items"]
    assert [(h["occasion"], h["isValid"]) for h in history] == [("generated", True), ("generated", False)]


async def test_without_a_valid_picture_the_best_one_is_told_with_the_reasons(api, library):
    path = await ana(api, library)
    asked = PROMPT | {"max_attempts": 1, "threshold": 100}
    answer = checked(await api.post(f"{path}/generate-image", json=asked), "generate-character-image")
    assert not answer["success"]
    assert not answer["validation"]["isValid"]
    assert "No valid picture in 1 attempts" in answer["error"]
    assert not answer["added_to_gallery"]
    assert (await api.get(path)).json()["images"] == []


async def test_the_same_key_generates_once(api, library, generator: ExampleGenerator):
    path, headers = await ana(api, library), {"Idempotency-Key": uuid.uuid4().hex}
    before = len(generator.orders)
    asked = PROMPT | {"max_attempts": 1}
    first = await api.post(f"{path}/generate-image", json=asked, headers=headers)
    second = await api.post(f"{path}/generate-image", json=asked, headers=headers)
    assert first.json()["dinoAssetId"] == second.json()["dinoAssetId"]
    assert len(generator.orders) == before + 1


async def test_a_character_without_master_reference_is_refused(api):
    character = await made(api)
    path = f"/characters/{character['character_id']}/generate-image"
    answer = await api.post(path, json=PROMPT)
    assert code(answer) == (409, "CONFLICT")
    assert "master reference" in answer.json()["error"]["message"]
    assert code(await api.post(path, json={"prompt": " "})) == (422, "INVALID_REQUEST")
    assert code(await api.post(path, json=PROMPT | {"max_attempts": 11})) == (422, "INVALID_REQUEST")
    nobody = f"/characters/{uuid.uuid4()}/generate-image"
    assert code(await api.post(nobody, json=PROMPT)) == (404, "NOT_FOUND")


async def test_a_wrong_category_generates_nothing(api, library, generator: ExampleGenerator):
    path, before = await ana(api, library), len(generator.orders)
    answer = await api.post(f"{path}/generate-image", json=PROMPT | {"category": "spaceships"})
    assert code(answer) == (422, "INVALID_REQUEST")
    assert len(generator.orders) == before


@pytest.mark.slow
async def test_the_next_worker_goes_on_where_the_first_was_killed(
    api, library, served: Platform, generator: ExampleGenerator
):
    path, before = await ana(api, library), len(generator.orders)
    asked = PROMPT | {"max_attempts": 2, "width": 4096, "height": 4096}
    answer = await api.post(f"{path}/generate-image?wait=0", json=asked)
    assert answer.status_code == 202
    job = f"/jobs/{answer.json()['job_id']}"

    async def first_was_judged() -> bool:
        return (await api.get(job)).json()["progress"]["done"] >= 1

    await until(first_was_judged, 60)
    await served.kill("analytics")
    await served.restart("analytics")

    async def finished() -> bool:
        return (await api.get(job)).json()["status"] == "succeeded"

    await until(finished, 120)
    result = (await api.get(job)).json()["result"]
    assert [attempt["attempt"] for attempt in result["attempts"]] == [1, 2]
    made_orders = [json.loads(line) for line in generator.orders[before:]]
    # The first picture was not made again; the second at most twice, for the same order.
    assert [order["attempt"] for order in made_orders][:2] == [1, 2]
    assert len({order["request_id"] for order in made_orders}) == 2


@pytest.mark.slow
async def test_without_a_generator_the_answer_names_the_setting(start_platform: StartPlatform, tmp_path):
    running = await start_platform(DINOV3_MODEL_NAME=str(write_tiny_vit(tmp_path / "tiny-vit")))
    async with running.client() as client:
        character = await made(client)
        answer = await client.post(f"/characters/{character['character_id']}/generate-image", json=PROMPT)
    await running.stop()
    assert code(answer) == (409, "CONFLICT")
    assert "DINO_GENERATOR_URL" in answer.json()["error"]["details"]
