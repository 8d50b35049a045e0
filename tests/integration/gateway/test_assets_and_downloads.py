"""Reading, listing, tagging and downloading assets."""

from __future__ import annotations

import pytest


@pytest.fixture
async def asset(client, photo) -> dict:
    return (await client.post("/upload-media", files={"file": ("Grüße.jpg", photo)})).json()


async def test_a_download_is_whole_safe_and_cacheable(client, asset, photo):
    answer = await client.get(f"/assets/{asset['asset_id']}/content")
    assert answer.content == photo
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(photo))
    assert answer.headers["etag"] == f'"{asset["sha256"]}"'
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "filename*=UTF-8''Gr%C3%BC%C3%9Fe.jpg" in answer.headers["content-disposition"]
    kept = await client.get(f"/assets/{asset['asset_id']}/content", headers={"If-None-Match": answer.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    head = await client.head(f"/assets/{asset['asset_id']}/content")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(photo)))


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=0-9", slice(0, 10)), ("bytes=-7", slice(-7, None)), ("bytes=20-", slice(20, None))]
)
async def test_a_range_brings_those_bytes(client, asset, photo, asked, part):
    answer = await client.get(f"/assets/{asset['asset_id']}/content", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == photo[part]
    first = range(len(photo))[part][0]
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(photo)}"


async def test_ranges_outside_are_416_and_stale_ones_bring_the_whole(client, asset, photo):
    path = f"/assets/{asset['asset_id']}/content"
    outside = await client.get(path, headers={"Range": f"bytes={len(photo)}-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{len(photo)}")
    stale = await client.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, photo)


async def test_lists_go_page_by_page_and_filter(client, photo):
    tag = "paged"
    ids = []
    for name in ("one.jpg", "two.jpg", "three.jpg"):
        answer = await client.post("/upload-media", files={"file": (name, photo)}, data={"tags": tag})
        ids.append(answer.json()["asset_id"])
    page = (await client.get("/assets", params={"tag": tag, "limit": 2})).json()
    assert [item["asset_id"] for item in page["items"]] == [ids[2], ids[1]]
    rest = (await client.get("/assets", params={"tag": tag, "limit": 2, "cursor": page["next_cursor"]})).json()
    assert [item["asset_id"] for item in rest["items"]] == [ids[0]]
    assert rest["next_cursor"] is None
    named = (await client.get("/assets", params={"tag": tag, "filename": "TWO"})).json()
    assert [item["asset_id"] for item in named["items"]] == [ids[1]]
    assert (await client.get("/assets", params={"cursor": "nonsense"})).status_code == 422


async def test_tags_are_replaced_and_metadata_is_merged(client, asset):
    path = f"/assets/{asset['asset_id']}"
    await client.patch(path, json={"tags": ["a"], "metadata": {"x": 1, "y": "two"}})
    changed = (await client.patch(path, json={"metadata": {"x": None, "z": 2**63}})).json()
    assert (changed["tags"], changed["metadata"]) == (["a"], {"y": "two", "z": float(2**63)})
    assert changed["updated_timestamp"] > changed["upload_timestamp"]
    wrong = await client.patch(path, json={"metadata": {"$where": 1}})
    assert wrong.status_code == 422


@pytest.mark.parametrize("path", ["", "/content"])
async def test_unknown_and_malformed_ids_are_told_apart(client, path):
    missing = await client.get(f"/assets/550e8400-e29b-41d4-a716-446655440000{path}")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ASSET_NOT_FOUND")
    malformed = await client.get(f"/assets/nope{path}")
    assert (malformed.status_code, malformed.json()["error"]["code"]) == (422, "INVALID_REQUEST")
