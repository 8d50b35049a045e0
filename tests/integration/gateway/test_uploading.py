"""Uploads: what is stored, what is shared, what is left when something fails."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import boto3
import httpx
import pytest
from botocore.config import Config
from starlette.requests import Request
from tests.integration.gateway.waiting import until
from tests.integration.platform import Platform, Servers

from dino_common.bus.connection import Connection
from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, Events
from dino_common.contracts.assets import Asset, CompleteUploadRequest, UploadResponse
from dino_common.settings import Settings
from dino_gateway.asset_view import AssetView
from dino_gateway.backends import open_backends
from dino_gateway.call import Call, Principal
from dino_gateway.ingest import Ingest
from dino_gateway.presigned import PresignedUploads
from dino_gateway.stats import Stats

SettingsOf = Callable[[Platform], Settings]
LOOPBACK = "127.0.0.1"


async def upload(client: httpx.AsyncClient, content: bytes, name: str = "a.jpg", **more) -> httpx.Response:
    return await client.post("/upload-media", files={"file": (name, content)}, **more)


def stored_keys(gateway: Platform) -> set[str]:
    store = gateway.endpoints.objects
    s3 = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    return {item["Key"] for item in s3.list_objects_v2(Bucket=store.bucket).get("Contents", [])}


async def test_an_upload_answers_both_documents_fields_and_can_be_read_again(client, photo):
    answer = await upload(client, photo, "../héro.jpg", data={"tags": "a,b", "metadata": '{"scene": 12}'})
    assert answer.status_code == 200
    body = UploadResponse.model_validate_json(answer.content)
    assert body.sha256 == hashlib.sha256(photo).hexdigest()
    assert (body.filename, body.content_type, body.width, body.height) == ("héro.jpg", "image/jpeg", 64, 48)
    assert body.media_url == body.public_url
    assert body.metadata.size == body.file_size == len(photo)
    asset = Asset.model_validate_json((await client.get(f"/assets/{body.asset_id}")).content)
    assert (asset.tags, asset.metadata, asset.kind) == (["a", "b"], {"scene": 12}, "image")
    assert (await client.get(body.public_url)).content == photo


async def test_the_same_bytes_make_two_assets_and_one_object(client, gateway, photo):
    first = (await upload(client, photo)).json()
    before = stored_keys(gateway)
    second = (await upload(client, photo, "b.jpg")).json()
    assert second["asset_id"] != first["asset_id"]
    assert (first["duplicate_of"], second["duplicate_of"]) == (None, first["asset_id"])
    assert stored_keys(gateway) == before

    gone = (await client.delete(f"/assets/{first['asset_id']}")).json()
    assert gone == {"asset_id": first["asset_id"], "deleted": True, "object_deleted": False}
    assert (await client.get(f"/assets/{second['asset_id']}/content")).content == photo
    gone = (await client.delete(f"/assets/{second['asset_id']}")).json()
    assert gone["object_deleted"] is True
    assert not any(first["sha256"] in key for key in stored_keys(gateway))
    assert (await client.get(f"/assets/{second['asset_id']}")).status_code == 404
    assert (await client.delete(f"/assets/{second['asset_id']}")).status_code == 404


async def test_uploads_at_once_agree_on_which_was_first(client, photo):
    answers = await asyncio.gather(*(upload(client, photo, f"{n}.jpg") for n in range(8)))
    bodies = [answer.json() for answer in answers]
    firsts = [body["asset_id"] for body in bodies if body["duplicate_of"] is None]
    assert len(firsts) == 1
    assert {body["duplicate_of"] for body in bodies} == {None, firsts[0]}
    assert len({body["asset_id"] for body in bodies}) == 8


async def test_an_idempotency_key_makes_one_asset_of_many_tries(client, photo, gateway):
    headers = {"Idempotency-Key": f"try-{hashlib.sha256(photo).hexdigest()}"}
    first = await upload(client, photo, headers=headers)
    again = await upload(client, photo, headers=headers)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    other = await upload(client, photo, "other-name.jpg", headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "CONFLICT")
    listed = (await client.get("/assets", params={"sha256": first.json()["sha256"]})).json()["items"]
    assert len(listed) == 1


async def test_a_refused_upload_frees_its_idempotency_key(client, photo):
    headers = {"Idempotency-Key": f"free-{hashlib.sha256(photo).hexdigest()}"}
    refused = await upload(client, photo[: len(photo) // 2], headers=headers)
    assert refused.json()["error"]["code"] == "INVALID_FILE_FORMAT"
    assert (await upload(client, photo, headers=headers)).status_code == 200


async def test_creation_and_deletion_are_told_on_the_bus(client, gateway, photo, settings_of: SettingsOf):
    connection = Connection(settings_of(gateway), "test")
    await connection.open()
    events = Events(connection)
    told: asyncio.Queue[tuple[str, dict]] = asyncio.Queue()

    async def take(kind: str, fields: dict) -> None:
        if fields["sha256"] == hashlib.sha256(photo).hexdigest():
            await told.put((kind, fields))

    try:
        events.consume("test-reader", [ASSET_CREATED, ASSET_DELETED], take)
        asset_id = (await upload(client, photo)).json()["asset_id"]
        kind, fields = await asyncio.wait_for(told.get(), 20)
        assert kind == ASSET_CREATED
        assert fields["asset_id"] == asset_id
        assert (fields["kind"], fields["extract"]) == ("image", True)
        await client.delete(f"/assets/{asset_id}")
        kind, fields = await asyncio.wait_for(told.get(), 20)
        assert (kind, fields["asset_id"], fields["last"]) == (ASSET_DELETED, asset_id, True)
    finally:
        await events.stop()
        await connection.close()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "INVALID_FILE_FORMAT"),
        (b"I am a picture. " * 500, 400, "INVALID_FILE_FORMAT"),
        (b"\0" * (51 * 1024 * 1024), 413, "FILE_TOO_LARGE"),
    ],
    ids=["empty", "text", "51 MB"],
)
async def test_refused_files_leave_nothing_behind(client, gateway, content, status, code):
    before = stored_keys(gateway)
    answer = await upload(client, content, "photo.jpg")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert stored_keys(gateway) == before


async def test_large_files_go_by_the_store_and_completing_twice_is_one_asset(client, gateway, photo):
    asked = {"filename": "big.jpg", "content_type": "image/jpeg", "file_size": len(photo), "tags": ["big"]}
    where = (await client.post("/upload-media/presign", json=asked)).json()
    early = await client.post("/upload-media/complete", json={"upload_id": where["upload_id"]})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "CONFLICT")

    async with httpx.AsyncClient(trust_env=False) as store:
        put = await store.put(where["url"], content=photo, headers={"Content-Type": where["headers"]["Content-Type"]})
    assert put.status_code == 200, put.text
    done = await asyncio.gather(
        *(client.post("/upload-media/complete", json={"upload_id": where["upload_id"]}) for _ in range(3))
    )
    assert [answer.status_code for answer in done] == [200, 200, 200]
    assert len({answer.json()["asset_id"] for answer in done}) == 1
    body = done[0].json()
    assert body["sha256"] == hashlib.sha256(photo).hexdigest()
    assert (await client.get(f"/assets/{body['asset_id']}")).json()["tags"] == ["big"]
    assert (await client.get(f"/assets/{body['asset_id']}/content")).content == photo
    keys = stored_keys(gateway)
    assert not any(where["upload_id"] in key for key in keys)
    assert any(body["sha256"] in key for key in keys)


async def test_a_presigned_file_of_the_wrong_kind_becomes_no_asset(client):
    text = b"hello " * 2000
    asked = {"filename": "big.jpg", "content_type": "image/jpeg", "file_size": len(text)}
    where = (await client.post("/upload-media/presign", json=asked)).json()
    async with httpx.AsyncClient(trust_env=False) as store:
        await store.put(where["url"], content=text, headers={"Content-Type": "image/jpeg"})
    refused = await client.post("/upload-media/complete", json={"upload_id": where["upload_id"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_FILE_FORMAT")
    unknown = await client.post("/upload-media/complete", json={"upload_id": "550e8400-e29b-41d4-a716-446655440000"})
    assert unknown.status_code == 404


async def test_a_presigned_upload_names_a_type_that_is_accepted(client):
    asked = {"filename": "a.svg", "content_type": "image/svg+xml", "file_size": 10}
    refused = await client.post("/upload-media/presign", json=asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_FILE_FORMAT")
    assert "image/png" in refused.json()["error"]["details"]


async def test_bytes_replaced_after_they_were_verified_are_not_stored_under_their_hash(
    client, gateway, photo, settings_of: SettingsOf, monkeypatch
):
    asked = {"filename": "a.jpg", "content_type": "image/jpeg", "file_size": len(photo)}
    where = (await client.post("/upload-media/presign", json=asked)).json()
    kind = {"Content-Type": "image/jpeg"}
    async with httpx.AsyncClient(trust_env=False) as store, open_backends(settings_of(gateway), Stats()) as backends:
        await store.put(where["url"], content=photo, headers=kind)
        store_asset = Ingest.store

        async def replace_then_store(*args, **options):
            assert (await store.put(where["url"], content=bytes(len(photo)), headers=kind)).status_code == 200
            return await store_asset(*args, **options)

        monkeypatch.setattr(Ingest, "store", replace_then_store)
        uploads = PresignedUploads(backends, Ingest(backends), AssetView(backends.settings))
        request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "scheme": "http"})
        call = Call("r", LOOPBACK, principal=Principal(f"ip:{LOOPBACK}", frozenset()))
        done = await uploads.complete(call, CompleteUploadRequest(upload_id=where["upload_id"]), request)
    assert done.sha256 == hashlib.sha256(photo).hexdigest()
    assert (await client.get(f"/assets/{done.asset_id}/content")).content == photo


async def test_an_upload_that_cannot_be_told_to_the_others_leaves_nothing(client, gateway, photo, servers: Servers):
    sha256 = hashlib.sha256(photo).hexdigest()
    await servers.kill("nats")
    try:
        refused = await upload(client, photo)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert (await client.get("/assets", params={"sha256": sha256})).json()["items"] == []
        assert not any(sha256 in key for key in stored_keys(gateway))
    finally:
        await servers.restart("nats")

    async def taken() -> bool:
        return (await upload(client, photo)).status_code == 200

    await until(taken, 30)
