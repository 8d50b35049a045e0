from __future__ import annotations

import asyncio
import hashlib
import io
import os
import threading

import httpx
import pytest
from pydantic import SecretStr

from dino_common.errors import AssetNotFound, FileTooLarge, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.stores.object_stream import CHUNK_BYTES
from dino_common.stores.objects import Objects

_MB = 1024 * 1024


async def test_bytes_come_back_with_their_type(objects: Objects) -> None:
    key = "media/aa/bild ü+&.jpg"
    await objects.put_bytes(key, b"\x00jpeg\xff", "image/jpeg")
    assert await objects.get_bytes(key, 100) == b"\x00jpeg\xff"
    head = await objects.head(key)
    assert head is not None
    assert (head.size, head.content_type) == (6, "image/jpeg")
    assert await objects.exists(key)


async def test_creating_the_bucket_again_and_at_once_is_harmless(settings: Settings) -> None:
    stores = [Objects(settings.model_copy(update={"s3_bucket": f"{settings.s3_bucket}x"})) for _ in range(3)]
    await asyncio.gather(*(store.ensure_bucket() for store in stores))
    assert await stores[0].ping()
    await asyncio.gather(*(store.close() for store in stores))


@pytest.mark.parametrize("size", [0, 1, 300_000, 8 * _MB, 8 * _MB + 1, 20 * _MB])
async def test_files_of_any_size_are_stored_whole_and_left_open(objects: Objects, size: int) -> None:
    content = os.urandom(size)
    file = io.BytesIO(content)
    file.seek(size // 2)
    await objects.put_file(f"files/{size}", file, "video/mp4", size)
    assert not file.closed
    head = await objects.head(f"files/{size}")
    assert head is not None
    assert (head.size, head.content_type) == (size, "video/mp4")
    digest = hashlib.sha256()
    async for chunk in await objects.stream(f"files/{size}"):
        assert len(chunk) <= CHUNK_BYTES
        digest.update(chunk)
    assert digest.digest() == hashlib.sha256(content).digest()


async def test_ranges_are_streamed(objects: Objects) -> None:
    content = os.urandom(_MB)
    await objects.put_bytes("range", content, "video/mp4")
    for first, last in ((0, 0), (5, 600_000), (_MB - 3, None)):
        stream = await objects.stream("range", (first, last))
        body = b"".join([chunk async for chunk in stream])
        end = _MB - 1 if last is None else last
        assert body == content[first : end + 1]
        assert stream.status == 206
        assert stream.size == len(body)
        assert stream.content_range == f"bytes {first}-{end}/{_MB}"


async def test_reading_can_stop_in_the_middle_any_number_of_times(objects: Objects) -> None:
    """More often than there are connections and threads."""
    content = os.urandom(4 * _MB)
    await objects.put_bytes("left early", content, "video/mp4")
    for _ in range(40):
        async with await objects.stream("left early") as stream:
            async for chunk in stream:
                assert chunk == content[: len(chunk)]
                break
    assert await objects.get_bytes("left early", 4 * _MB) == content


async def test_many_reads_at_once_are_all_right(objects: Objects) -> None:
    contents = {f"many/{n}": os.urandom(50_000) for n in range(12)}
    await asyncio.gather(*(objects.put_bytes(key, data, "image/jpeg") for key, data in contents.items()))
    keys = list(contents) * 8
    found = await asyncio.gather(*(objects.get_bytes(key, 60_000) for key in keys))
    assert all(data == contents[key] for key, data in zip(keys, found, strict=True))


async def test_limit_is_checked_before_reading(objects: Objects) -> None:
    await objects.put_bytes("large", bytes(1000), "image/jpeg")
    assert len(await objects.get_bytes("large", 1000)) == 1000
    with pytest.raises(FileTooLarge, match="1000"):
        await objects.get_bytes("large", 999)


async def test_missing_object_is_not_found(objects: Objects) -> None:
    with pytest.raises(AssetNotFound):
        await objects.get_bytes("missing", 10)
    with pytest.raises(AssetNotFound):
        await objects.stream("missing")
    assert await objects.head("missing") is None
    assert not await objects.exists("missing")


async def test_deleting_is_repeatable(objects: Objects) -> None:
    await objects.put_bytes("short-lived", b"x", "image/jpeg")
    await objects.delete("short-lived")
    await objects.delete("short-lived")
    assert not await objects.exists("short-lived")


async def test_presigned_url_reads_without_keys_under_the_given_name(objects: Objects) -> None:
    await objects.put_bytes("signed", b"jpeg", "image/jpeg")
    url = await objects.presign_get("signed", "héros 1.jpg", "image/png")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(url)
        assert (answer.status_code, answer.content) == (200, b"jpeg")
        assert answer.headers["content-type"] == "image/png"
        assert "h%C3%A9ros%201.jpg" in answer.headers["content-disposition"]
        assert (await client.get(url.split("?")[0])).status_code == 403
        assert (await client.get(url[:-4] + "0000")).status_code == 403


async def test_presigned_put_takes_exactly_what_was_announced(objects: Objects) -> None:
    url = await objects.presign_put("announced", "video/mp4", 300, size=5)
    typed = {"Content-Type": "video/mp4"}
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.put(url, content=b"123456", headers=typed)).status_code == 403
        assert (await client.put(url, content=b"12345", headers={"Content-Type": "text/html"})).status_code == 403
        assert not await objects.exists("announced")
        assert (await client.put(url, content=b"12345", headers=typed)).status_code == 200
    assert await objects.get_bytes("announced", 5) == b"12345"


async def test_public_url_is_the_configured_one_or_presigned(objects: Objects, settings: Settings) -> None:
    assert "X-Amz-Signature" in await objects.public_url("a b")
    public = Objects(settings.model_copy(update={"s3_public_url": "https://cdn.example.org/"}))
    assert await public.public_url("media/a b.jpg") == "https://cdn.example.org/media/a%20b.jpg"
    await public.close()


async def test_ping_says_whether_the_store_answers(objects: Objects, settings: Settings, unused_port: int) -> None:
    assert await objects.ping()
    gone = Objects(settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{unused_port}"}))
    assert not await gone.ping()
    await gone.close()


async def test_unreachable_store_is_named_with_the_variables(settings: Settings, unused_port: int) -> None:
    gone = Objects(settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{unused_port}"}))
    for call in (
        gone.get_bytes("x", 1),
        gone.stream("x"),
        gone.head("x"),
        gone.put_bytes("x", b"", "image/jpeg"),
        gone.put_file("x", io.BytesIO(b"1"), "image/jpeg", 1),
        gone.delete("x"),
        gone.ensure_bucket(),
    ):
        with pytest.raises(ServiceUnavailable, match=f"127.0.0.1:{unused_port}") as caught:
            await call
        assert "CLOUDFLARE_R2_ENDPOINT" in caught.value.details
        assert caught.value.retry_after
    await gone.close()


async def test_wrong_keys_are_named_and_not_shown(settings: Settings) -> None:
    wrong = Objects(settings.model_copy(update={"s3_secret_key": SecretStr("sesame-sesame")}))
    for call in (wrong.get_bytes("x", 1), wrong.put_bytes("x", b"1", "image/jpeg"), wrong.ensure_bucket()):
        with pytest.raises(ServiceUnavailable, match="refuses the credentials") as caught:
            await call
        assert "CLOUDFLARE_R2_SECRET_ACCESS_KEY" in caught.value.details
        assert "sesame" not in caught.value.message + caught.value.details
    await wrong.close()


async def test_store_without_keys_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for missing in ({"s3_access_key": None, "s3_secret_key": None}, {"s3_secret_key": None}):
        with pytest.raises(ServiceUnavailable, match="credentials") as caught:
            Objects(settings.model_copy(update=missing))
        assert "CLOUDFLARE_R2_ACCESS_KEY_ID" in caught.value.details


async def test_reads_do_not_run_on_the_event_loop(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    await objects.put_bytes("threads", b"x", "image/jpeg")
    seen: list[threading.Thread] = []
    send = objects._reader._session.send
    monkeypatch.setattr(
        objects._reader._session, "send", lambda r: (seen.append(threading.current_thread()), send(r))[1]
    )
    await objects.get_bytes("threads", 1)
    assert seen
    assert threading.main_thread() not in seen
