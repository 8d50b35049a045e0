"""A gallery validated in one call, by the threshold in force, with a history."""

from __future__ import annotations

import httpx
from tests.integration.characters.test_characters import checked, code, made

WHOLE = ("re-encoded", "halved", "cropped by a tenth", "coffee")


async def validated(api: httpx.AsyncClient, character: dict, **body) -> dict:
    path = f"/characters/{character['character_id']}/validate-consistency"
    # As the documents' clients ask: without any body, unless there is something to say.
    answer = await (api.post(path, json=body) if body else api.post(path))
    return checked(answer, "validate-character")


async def marcus(api: httpx.AsyncClient, library: dict[str, str], **fields) -> dict:
    images = [{"asset_id": library[name], "image_id": f"cms-{i}"} for i, name in enumerate(WHOLE)]
    return await made(api, master_reference_asset_id=library["astronaut"], images=images, **fields)


async def test_copies_pass_and_another_thing_does_not(api, library):
    answer = await validated(api, await marcus(api, library))
    assert answer["success"]
    assert answer["characterName"] == "Marcus"
    assert answer["masterReferenceAssetId"] == library["astronaut"]
    results = answer["validationResults"]
    assert [r["imageId"] for r in results] == ["cms-0", "cms-1", "cms-2", "cms-3"]
    assert [r["dinoAssetId"] for r in results] == [library[name] for name in WHOLE]
    assert [r["isValid"] for r in results] == [True, True, True, False]
    assert (answer["valid"], answer["invalid"], answer["failed"], answer["total"]) == (3, 1, 0, 4)
    assert answer["threshold_source"] == "model_card"
    for result in results:
        assert result["isValid"] == (result["consistencyScore"] >= answer["threshold"])


async def test_the_gallery_scores_what_validate_consistency_scores(api, library):
    character = await marcus(api, library)
    answer = await validated(api, character)
    pair = {"reference_asset_id": library["astronaut"], "test_asset_id": library["coffee"]}
    single = (await api.post("/validate-consistency", json=pair)).json()
    assert single["similarity_score"] == answer["validationResults"][3]["consistencyScore"]


async def test_request_goes_before_character_before_category(api, library):
    character = await marcus(api, library, category="electronics", consistency_threshold=33)
    assert (await validated(api, character))["threshold"] == 33
    assert (await validated(api, character, threshold=12))["threshold_source"] == "request"
    path = f"/characters/{character['character_id']}"
    await api.patch(path, json={"consistency_threshold": None})
    answer = await validated(api, character)
    assert (answer["threshold"], answer["threshold_source"]) == (90, "category")
    assert (await validated(api, character, category="food"))["threshold"] == 75
    unknown = await api.post(f"{path}/validate-consistency", json={"category": "spaceships"})
    assert code(unknown) == (422, "INVALID_REQUEST")


async def test_the_characters_threshold_holds_for_single_pairs_too(api, library):
    character = await marcus(api, library, consistency_threshold=99.9)
    pair = {"asset_id_1": library["astronaut"], "asset_id_2": library["cropped by a tenth"]}
    with_character = await api.post("/validate-consistency", json=pair | {"character_id": character["character_id"]})
    answer = checked(with_character, "validate-consistency")
    assert (answer["threshold"], answer["threshold_source"], answer["same_character"]) == (99.9, "character", False)
    assert (await api.post("/validate-consistency", json=pair)).json()["same_character"]
    nobody = await api.post("/validate-consistency", json=pair | {"character_id": library["coffee"]})
    assert code(nobody) == (404, "NOT_FOUND")


async def test_without_master_reference_nothing_is_validated(api, library):
    character = await made(api, images=[{"asset_id": library["coffee"]}])
    path = f"/characters/{character['character_id']}"
    answer = await api.post(f"{path}/validate-consistency")
    assert code(answer) == (409, "CONFLICT")
    assert "master reference" in answer.json()["error"]["message"]
    checked(await api.put(f"{path}/master-reference", json={"asset_id": library["coffee"]}), "set-master-reference")
    assert (await validated(api, character))["validationResults"][0]["consistencyScore"] == 100


async def test_only_named_pictures_are_judged(api, library):
    character = await marcus(api, library)
    answer = await validated(api, character, image_ids=["cms-1", library["coffee"]])
    assert [r["imageId"] for r in answer["validationResults"]] == ["cms-1", "cms-3"]
    path = f"/characters/{character['character_id']}/validate-consistency"
    assert code(await api.post(path, json={"image_ids": ["cms-9"]})) == (404, "NOT_FOUND")


async def test_every_verdict_is_in_the_history_newest_first(api, library):
    character = await marcus(api, library)
    await validated(api, character)
    await validated(api, character, threshold=100)
    path = f"/characters/{character['character_id']}/verdicts"
    seen, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = checked(await api.get(path, params=params), "list-character-verdicts")
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len({item["verdict_id"] for item in seen}) == 8
    assert [item["threshold"] for item in seen] == [100] * 4 + [seen[-1]["threshold"]] * 4
    times = [item["judged_at"] for item in seen]
    assert times == sorted(times, reverse=True)
    coffee = checked(await api.get(path, params={"asset_id": library["coffee"]}), "list-character-verdicts")
    assert [item["isValid"] for item in coffee["items"]] == [False, False]


async def test_an_empty_gallery_has_no_verdicts(api, library):
    character = await made(api, master_reference_asset_id=library["coffee"])
    answer = await validated(api, character)
    assert (answer["total"], answer["validationResults"], answer["success"]) == (0, [], True)
