"""Sets over REST: copies, clusters, anomalies, patterns and calibrated thresholds of real photographs."""

from __future__ import annotations

import itertools

import httpx
import pytest
from tests.integration.sets.conftest import MARK, PHOTOGRAPHS, ask


async def test_copies_are_grouped_and_the_best_is_named(api: httpx.AsyncClient, library: dict):
    answer = await ask(api, "find-duplicates", asset_ids=list(library.values()))
    by_asset = {copy["asset_id"]: (n, copy) for n, group in enumerate(answer["items"]) for copy in group["copies"]}
    assert answer["groups"] == len(PHOTOGRAPHS)
    assert answer["unreadable"] == 0
    for name in PHOTOGRAPHS:
        numbers = {change: by_asset[library[name, change]][0] for n, change in library if n == name}
        assert len(set(numbers.values())) == 1, numbers
        group = answer["items"][numbers["original"]]
        assert group["best_asset_id"] in (library[name, "original"], library[name, "exact"])
        relations = {change: by_asset[library[name, change]][1]["relation"] for n, change in library if n == name}
        assert {relations["original"], relations["exact"]} == {"best", "exact"}
        assert relations["re-encoded"] == relations["half"] == "same_frame"
        assert relations["part"] == "cropped"
        assert relations["warm"] == "recoloured"
        assert relations["mirrored"] == "mirrored"
        assert group["reason"]


async def test_only_equal_bytes_when_near_copies_are_not_wanted(api: httpx.AsyncClient, library: dict):
    answer = await ask(api, "find-duplicates", asset_ids=list(library.values()), include_near=False)
    assert answer["groups"] == len(PHOTOGRAPHS)
    assert {group["size"] for group in answer["items"]} == {2}
    assert answer["redundant_bytes"] == 0  # equal bytes share one stored file


async def test_pages_of_groups_join_to_the_whole(api: httpx.AsyncClient, library: dict):
    ids = list(library.values())
    whole = await ask(api, "find-duplicates", asset_ids=ids)
    paged, cursor = [], None
    for _ in range(len(PHOTOGRAPHS)):
        page = await ask(api, "find-duplicates", asset_ids=ids, limit=1, **({"cursor": cursor} if cursor else {}))
        paged += page["items"]
        cursor = page["next_cursor"]
    assert cursor is None
    assert paged == whole["items"]


@pytest.mark.parametrize("operation", ["find-duplicates", "cluster-assets", "detect-anomalies", "analyze-patterns"])
async def test_foreign_cursors_and_unknown_assets_are_refused(api: httpx.AsyncClient, library: dict, operation: str):
    threshold = {"threshold": 0.3} if operation == "detect-anomalies" else {}
    for cursor in ("nonsense", "", "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA6MQ"):
        answer = await api.post(f"/{operation}", json={"cursor": cursor})
        assert answer.status_code == 422, answer.text
    gone = ["00000000-0000-4000-8000-000000000000", *list(library.values())[:2]]
    answer = await api.post(f"/{operation}", json={"asset_ids": gone, **threshold})
    assert answer.status_code == 404, answer.text
    answer = await api.post(f"/{operation}", json={"asset_ids": gone, "filters": {"kind": "image"}, **threshold})
    assert answer.status_code == 422


async def test_photographs_cluster_with_their_copies_in_any_order(api: httpx.AsyncClient, library: dict):
    ids = list(library.values())
    answer = await ask(api, "cluster-assets", asset_ids=ids, series="order")
    of = {item["asset_id"]: item["label"] for item in answer["items"]}
    assert set(of) == set(ids)
    assert answer["k"] == len(PHOTOGRAPHS)
    for name in PHOTOGRAPHS:
        labels = {of[asset] for (n, _), asset in library.items() if n == name}
        assert len(labels) == 1
        assert None not in labels
    assert all(cluster["look"]["text"] for cluster in answer["clusters"])
    again = await ask(api, "cluster-assets", asset_ids=ids[::-1], series="order")
    assert {item["asset_id"]: item["label"] for item in again["items"]} == of
    assert all(cluster["known"] for cluster in again["clusters"])
    # Without one photograph the other clusters keep their names.
    fewer = [asset for (name, _), asset in library.items() if name != "coffee"]
    less = await ask(api, "cluster-assets", asset_ids=fewer, series="order")
    assert {item["asset_id"]: item["label"] for item in less["items"]} == {a: of[a] for a in fewer}


async def test_number_of_clusters_is_chosen_or_given(api: httpx.AsyncClient, library: dict):
    chosen = await ask(api, "cluster-assets", asset_ids=list(library.values()), method="kmeans", describe=False)
    assert chosen["k"] == len(PHOTOGRAPHS)
    assert chosen["unclustered"] == 0
    given = await ask(api, "cluster-assets", asset_ids=list(library.values()), method="kmeans", k=2, describe=False)
    assert given["k"] == 2
    refused = await api.post("/cluster-assets", json={"asset_ids": list(library.values()), "k": 2})
    assert refused.status_code == 422


async def test_the_picture_of_another_kind_is_the_anomaly(api: httpx.AsyncClient, library: dict):
    cats = [asset for (name, _), asset in library.items() if name == "chelsea"]
    odd = library["rocket", "original"]
    answer = await ask(api, "detect-anomalies", asset_ids=[*cats[1:2], odd], reference_asset_ids=cats, drawings=2)
    assert answer["mode"] == "reference"
    assert answer["threshold_source"] == "reference"
    assert answer["items"][0]["asset_id"] == odd
    assert [item["anomalous"] for item in answer["items"]] == [True, False]
    assert answer["items"][0]["drawing"]["width"] > 300
    within = await ask(api, "detect-anomalies", asset_ids=[*cats, odd])
    assert within["mode"] == "leave_one_out"
    assert within["items"][0]["asset_id"] == odd
    assert within["items"][0]["anomalous"]


async def test_an_anomaly_is_drawn_as_png_when_that_is_accepted(api: httpx.AsyncClient, library: dict):
    cats = [asset for (name, _), asset in library.items() if name == "chelsea"]
    answer = await api.post(
        "/detect-anomalies",
        params={"wait": 100},
        json={"asset_ids": [library["coffee", "part"]], "reference_asset_ids": cats},
        headers={"Accept": "image/png"},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "body",
    [
        {"references": 1, "tested": 1},
        {"references": 2, "tested": 1},
        {"references": 0, "tested": 1},
        {"references": 0, "tested": 2},
    ],
)
async def test_too_few_references_for_a_threshold_are_refused(api: httpx.AsyncClient, library: dict, body: dict):
    ids = list(library.values())
    request: dict = {"asset_ids": ids[: body["tested"]]}
    if body["references"]:
        request["reference_asset_ids"] = ids[10 : 10 + body["references"]]
    answer = await api.post("/detect-anomalies", json=request)
    assert answer.status_code == 422, answer.text


async def test_the_map_of_a_filtered_set_is_the_same_twice(api: httpx.AsyncClient, library: dict):
    answer = await ask(api, "analyze-patterns", filters={"tags_all": [MARK]}, limit=1000)
    assert {item["asset_id"] for item in answer["items"]} == set(library.values())
    assert len(answer["clusters"]) == len(PHOTOGRAPHS)
    assert answer["coverage"][-1]["covered"] == pytest.approx(1.0)
    assert answer["drawing"]["height"] > 300
    places = {item["asset_id"]: (item["x"], item["y"]) for item in answer["items"]}
    again = await ask(api, "analyze-patterns", filters={"tags_all": [MARK]}, limit=1000)
    assert {item["asset_id"]: (item["x"], item["y"]) for item in again["items"]} == places


def labelled(library: dict) -> list[dict]:
    changes = ("original", "re-encoded", "half", "part")
    same = [
        {"asset_id_1": library[name, a], "asset_id_2": library[name, b], "same": True}
        for name in PHOTOGRAPHS
        for a, b in itertools.combinations(changes, 2)
    ]
    different = [
        {"asset_id_1": library[a, change], "asset_id_2": library[b, change], "same": False}
        for a, b in itertools.combinations(PHOTOGRAPHS, 2)
        for change in changes
    ]
    return same + different


async def test_a_calibrated_threshold_separates_and_is_kept_on_a_category(api: httpx.AsyncClient, library: dict):
    answer = await ask(api, "calibrate-threshold", pairs=labelled(library), target="accuracy", category="sets-test")
    assert answer["on_pairs"]["accuracy"] == 1.0
    assert answer["auc"] == 1.0
    assert answer["stored_on"] == "category:sets-test"
    pair = {"asset_id_1": library["coffee", "original"], "asset_id_2": library["rocket", "original"]}
    verdict = await ask_verdict(api, answer["threshold"], **pair, category="sets-test")
    assert verdict["threshold_source"] == "category"
    assert verdict["same_character"] is False


async def ask_verdict(api: httpx.AsyncClient, threshold: float, **body) -> dict:
    """The verdict once the category's threshold is in force: services follow within a second."""
    for _ in range(200):
        answer = await api.post("/validate-consistency", json=body)
        if answer.status_code == 200 and answer.json()["threshold"] == threshold:
            return answer.json()
    raise AssertionError(answer.text)


async def test_a_calibrated_threshold_is_kept_on_a_character(api: httpx.AsyncClient, library: dict):
    created = await api.post("/characters", json={"name": "Chelsea"})
    assert created.status_code in (200, 201), created.text
    character = created.json()["character_id"]
    answer = await ask(api, "calibrate-threshold", pairs=labelled(library), character_id=character)
    assert answer["stored_on"] == f"character:{character}"
    assert str(answer["threshold"]) in (await api.get(f"/characters/{character}")).text
    gone = await api.post("/calibrate-threshold", json={"pairs": labelled(library), "character_id": "nobody-here"})
    assert gone.status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pairs": 4}, "at least 5"),
        ({"target": "false_positive_rate", "rate": 0.01}, "at least 100 different"),
        ({"target": "false_positive_rate"}, "rate"),
        ({"target": "accuracy", "rate": 0.1}, "no rate"),
    ],
)
async def test_calibration_asks_for_enough_pairs(api: httpx.AsyncClient, library: dict, change: dict, words: str):
    pairs = labelled(library)
    body = {"pairs": pairs[: change.pop("pairs")] if "pairs" in change else pairs, **change}
    answer = await api.post("/calibrate-threshold", json=body)
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize("operation", ["find-duplicates", "cluster-assets", "analyze-patterns"])
async def test_an_empty_set_is_no_fault(api: httpx.AsyncClient, operation: str):
    answer = await ask(api, operation, filters={"tags_all": ["no picture has this tag"]})
    assert answer["total"] == 0
    assert answer["items"] == []


async def test_a_job_on_a_set_is_followed_to_its_answer(api: httpx.AsyncClient, library: dict):
    accepted = await api.post("/cluster-assets", params={"wait": 0}, json={"asset_ids": list(library.values())})
    assert accepted.status_code == 202
    async with api.stream("GET", f"/jobs/{accepted.json()['job_id']}/events", timeout=120) as events:
        async for _ in events.aiter_lines():
            pass  # it ends with the job
    job = (await api.get(f"/jobs/{accepted.json()['job_id']}")).json()
    assert job["status"] == "succeeded"
    assert job["progress"]["fraction"] == 1.0
    assert job["result"]["total"] == len(library)
