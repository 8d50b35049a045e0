"""Characters over REST: made, changed, listed, deleted, and their pictures' end."""

from __future__ import annotations

import asyncio
import uuid

import httpx
import pytest
from tests.integration.characters.conftest import upload
from tests.integration.gateway.waiting import until
from tests.integration.main_path.photographs import encoded, picture
from tests.integration.platform import Platform

from dino_common.contracts import OPERATIONS


def checked(answer: httpx.Response, operation: str, status: int = 200) -> dict:
    """The answer's body, valid by the operation's own contract."""
    assert answer.status_code == status, answer.text
    OPERATIONS[operation].response.model_validate(answer.json())
    return answer.json()


async def made(api: httpx.AsyncClient, **fields) -> dict:
    return checked(await api.post("/characters", json={"name": "Marcus"} | fields), "create-character", 201)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_character_is_read_back_as_it_was_made(api, library):
    character = await made(
        api,
        description="Archaeologist",
        category="profile_picture",
        tags=["lead", "lead", "act-1"],
        metadata={"age": 42, "alias": None},
        master_reference_asset_id=library["astronaut"],
        images=[{"asset_id": library["halved"], "image_id": "cms-1", "shot_type": "front"}],
        consistency_threshold=61.5,
    )
    assert character["tags"] == ["lead", "act-1"]
    assert character["metadata"] == {"age": 42}
    assert character["images"][0]["image_id"] == "cms-1"
    assert character["consistency_threshold"]["value"] == 61.5
    assert character["consistency_threshold"]["origin"] == "given"
    assert character["revision"] == 1
    read = checked(await api.get(f"/characters/{character['character_id']}"), "get-character")
    assert read == character


async def test_patching_changes_what_is_named_and_nothing_else(api, library):
    character = await made(api, description="old", tags=["a"], metadata={"age": 42, "eyes": "blue"})
    path = f"/characters/{character['character_id']}"
    changed = checked(
        await api.patch(path, json={"description": None, "metadata": {"age": None, "hair": "grey"}}),
        "update-character",
    )
    assert changed["description"] is None
    assert changed["metadata"] == {"eyes": "blue", "hair": "grey"}
    assert (changed["name"], changed["tags"], changed["revision"]) == ("Marcus", ["a"], 2)
    with_threshold = checked(await api.patch(path, json={"consistency_threshold": 50}), "update-character")
    assert with_threshold["consistency_threshold"]["value"] == 50
    renamed = checked(await api.patch(path, json={"name": "Ana"}), "update-character")
    assert renamed["consistency_threshold"]["value"] == 50
    without = checked(await api.patch(path, json={"consistency_threshold": None}), "update-character")
    assert without["consistency_threshold"] is None


async def test_a_change_by_an_old_revision_is_refused_and_changes_nothing(api):
    character = await made(api)
    path = f"/characters/{character['character_id']}"
    checked(await api.patch(path, json={"name": "First", "revision": 1}), "update-character")
    assert code(await api.patch(path, json={"name": "Second", "revision": 1})) == (409, "CONFLICT")
    assert (await api.get(path)).json()["name"] == "First"


async def test_changes_at_the_same_time_are_all_kept(api, library):
    character = await made(api)
    path = f"/characters/{character['character_id']}/images"
    names = list(library)[:6]
    answers = await asyncio.gather(*(api.post(path, json={"images": [{"asset_id": library[name]}]}) for name in names))
    assert {answer.status_code for answer in answers} == {200}
    after = (await api.get(f"/characters/{character['character_id']}")).json()
    assert {image["asset_id"] for image in after["images"]} == {library[name] for name in names}
    assert after["revision"] == 1 + len(names)


async def test_a_picture_is_in_a_gallery_once(api, library):
    character = await made(api)
    path = f"/characters/{character['character_id']}/images"
    first = {"images": [{"asset_id": library["coffee"], "image_id": "cup", "shot_type": "front"}]}
    checked(await api.post(path, json=first), "add-character-images")
    again = {"images": [{"asset_id": library["coffee"], "shot_type": "top"}]}
    images = checked(await api.post(path, json=again), "add-character-images")["images"]
    assert [(i["image_id"], i["shot_type"]) for i in images] == [("cup", "top")]
    taken = {"images": [{"asset_id": library["coins"], "image_id": "cup"}]}
    assert code(await api.post(path, json=taken)) == (409, "CONFLICT")
    gone = checked(await api.delete(f"{path}/cup"), "remove-character-image")
    assert gone["images"] == []
    assert code(await api.delete(f"{path}/cup")) == (404, "NOT_FOUND")


async def test_one_idempotency_key_makes_one_character(api):
    headers, body = {"Idempotency-Key": uuid.uuid4().hex}, {"name": f"once-{uuid.uuid4().hex}"}
    first = await api.post("/characters", json=body, headers=headers)
    second = await api.post("/characters", json=body, headers=headers)
    assert first.json() == second.json()
    assert len((await api.get("/characters", params={"name": body["name"]})).json()["items"]) == 1


async def test_pages_hold_every_character_once(api, library):
    mark = uuid.uuid4().hex
    ids = [(await made(api, name=f"{mark}-{i}", tags=[mark]))["character_id"] for i in range(5)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2, "tag": mark} | ({"cursor": cursor} if cursor else {})
        page = checked(await api.get("/characters", params=params), "list-characters")
        seen += [item["character_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    by_name = checked(await api.get("/characters", params={"name": f"{mark.upper()}-3"}), "list-characters")
    assert [item["character_id"] for item in by_name["items"]] == [ids[3]]
    assert code(await api.get("/characters", params={"cursor": "nonsense"})) == (422, "INVALID_REQUEST")


async def test_a_deleted_character_is_gone_and_its_pictures_stay(api, library):
    character = await made(api, master_reference_asset_id=library["rocket"])
    path = f"/characters/{character['character_id']}"
    checked(await api.delete(path), "delete-character")
    for answer in (
        await api.get(path),
        await api.patch(path, json={"name": "x"}),
        await api.delete(path),
        await api.get(f"{path}/verdicts"),
        await api.post(f"{path}/validate-consistency"),
        await api.put(f"{path}/master-reference", json={"asset_id": library["coins"]}),
        await api.post(f"{path}/images", json={"images": [{"asset_id": library["coins"]}]}),
    ):
        assert code(answer) == (404, "NOT_FOUND")
    assert (await api.get(f"/assets/{library['rocket']}")).status_code == 200


async def test_pictures_that_are_no_assets_are_refused_and_nothing_is_made(api, library):
    mark, nobody = uuid.uuid4().hex, str(uuid.uuid4())
    answer = await api.post("/characters", json={"name": mark, "images": [{"asset_id": nobody}]})
    assert code(answer) == (404, "ASSET_NOT_FOUND")
    assert (await api.get("/characters", params={"name": mark})).json()["items"] == []
    character = await made(api)
    path = f"/characters/{character['character_id']}"
    assert code(await api.put(f"{path}/master-reference", json={"asset_id": nobody})) == (404, "ASSET_NOT_FOUND")
    assert code(await api.post(f"{path}/images", json={"images": []})) == (422, "INVALID_REQUEST")
    assert code(await api.post("/characters", json={"name": " "})) == (422, "INVALID_REQUEST")
    assert (await api.get(path)).json()["revision"] == 1


async def test_a_deleted_asset_leaves_gallery_and_master_reference(api, library):
    mine = await upload(api, encoded(picture("chelsea").rotate(7)))
    character = await made(api, master_reference_asset_id=mine, images=[{"asset_id": mine}])
    path = f"/characters/{character['character_id']}"
    assert (await api.delete(f"/assets/{mine}")).status_code == 200

    async def let_go() -> bool:
        now = (await api.get(path)).json()
        return now["images"] == [] and now["master_reference_asset_id"] is None

    await until(let_go)
    assert code(await api.post(f"{path}/validate-consistency")) == (409, "CONFLICT")


@pytest.mark.slow
async def test_an_asset_deleted_while_analytics_was_away_is_let_go_of_after_its_start(api, library, served: Platform):
    mine = await upload(api, encoded(picture("coins").rotate(11)))
    character = await made(api, images=[{"asset_id": mine}])
    await served.kill("analytics")
    assert (await api.delete(f"/assets/{mine}")).status_code == 200
    await served.restart("analytics")

    async def let_go() -> bool:
        return (await api.get(f"/characters/{character['character_id']}")).json()["images"] == []

    await until(let_go)
