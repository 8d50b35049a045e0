"""The generator's client against real HTTP servers that behave well, badly and worse."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from dino_analytics.generator.client import Generator
from dino_analytics.generator.order import Order, Reference
from dino_common.errors import DinoError, FileTooLarge, InvalidRequest, ProcessingFailed, ServiceUnavailable

PICTURE = b"\x89PNG\r\n\x1a\n" + b"pixels" * 50
ORDER = Order(
    request_id="job-1",
    prompt="Marcus at the door",
    character="Marcus",
    description=None,
    reference=Reference(b"reference", "image/jpeg", 8, 6),
    width=64,
    height=64,
    seed=7,
    attempt=1,
    max_attempts=3,
)

Seen = list[tuple[str, dict[str, str], bytes]]


def http(status: str, kind: str, body: bytes, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


@asynccontextmanager
async def serving(answers: Callable[[str], bytes | Awaitable[bytes]]) -> AsyncIterator[tuple[str, Seen]]:
    """A server whose answer depends on method and path; what it was asked is kept."""
    seen: Seen = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = " ".join(first.split()[:2])
        seen.append((asked, headers, body))
        made = answers(asked)
        writer.write(made if isinstance(made, bytes) else await made)
        try:
            await writer.drain()
            writer.close()
        except ConnectionError:
            pass

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/make", seen


async def generated(
    answers: Callable[[str], bytes | Awaitable[bytes]],
    *,
    key: str | None = "secret",
    seconds: float = 5,
    most: int = 10_000,
) -> tuple[bytes, Seen]:
    async with serving(answers) as (url, seen):
        generator = Generator(url, key, seconds, most)
        try:
            return await generator.generate(ORDER), seen
        finally:
            await generator.close()


async def refused(answers: Callable[[str], bytes | Awaitable[bytes]], **options) -> DinoError:
    with pytest.raises(DinoError) as caught:
        await generated(answers, **options)
    return caught.value


async def test_the_order_carries_everything_and_the_picture_comes_back():
    data, seen = await generated(lambda _: http("200 OK", "image/png", PICTURE))
    assert data == PICTURE
    asked, headers, body = seen[0]
    assert asked == "POST /make"
    assert headers["authorization"] == "Bearer secret"
    assert headers["idempotency-key"] == "job-1"
    assert headers["accept-encoding"] == "identity"
    order = json.loads(body)
    assert base64.b64decode(order["reference"]["data"]) == b"reference"
    assert (order["version"], order["seed"], order["attempt"], order["previous"]) == (1, 7, 1, [])


async def test_json_may_hold_the_picture():
    body = json.dumps({"image": base64.b64encode(PICTURE).decode()}).encode()
    assert (await generated(lambda _: http("200 OK", "application/json", body)))[0] == PICTURE


async def test_json_may_name_the_pictures_address_at_the_same_server():
    def answers(asked: str) -> bytes:
        if asked.startswith("POST"):
            return http("200 OK", "application/json", b'{"url": "/made/1.png"}')
        return http("200 OK", "image/png", PICTURE)

    data, seen = await generated(answers)
    assert data == PICTURE
    assert [asked for asked, _, _ in seen] == ["POST /make", "GET /made/1.png"]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "//elsewhere.example/x", "https://127.0.0.1/x", "file:///etc/passwd"]
)
async def test_no_other_server_is_asked(url):
    body = json.dumps({"url": url}).encode()
    error = await refused(lambda _: http("200 OK", "application/json", body))
    assert isinstance(error, ProcessingFailed)
    assert "another server" in error.message


async def test_redirects_are_not_followed():
    error = await refused(lambda _: http("302 Found", "text/plain", b"", Location="http://127.0.0.1:1/x"))
    assert isinstance(error, ProcessingFailed)
    assert "redirect" in error.message


async def test_a_picture_beyond_the_limit_is_not_read():
    error = await refused(lambda _: http("200 OK", "image/png", b"x" * 20_000))
    assert isinstance(error, FileTooLarge)


async def test_a_picture_that_grows_beyond_the_limit_is_cut_off():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n"
    error = await refused(lambda _: head + b"x" * 50_000)
    assert isinstance(error, FileTooLarge)


async def test_a_picture_in_json_beyond_the_limit_is_refused():
    body = json.dumps({"image": base64.b64encode(b"x" * 20_000).decode()}).encode()
    assert isinstance(await refused(lambda _: http("200 OK", "application/json", body)), FileTooLarge)


async def test_compressed_answers_are_refused():
    error = await refused(lambda _: http("200 OK", "image/png", PICTURE, Content_Encoding="gzip"))
    assert isinstance(error, ProcessingFailed)


async def test_a_slow_generator_is_left_after_its_time():
    ended = asyncio.Event()

    async def never(_: str) -> bytes:
        await ended.wait()
        return b""

    error = await refused(never, seconds=0.2)
    ended.set()
    assert isinstance(error, ServiceUnavailable)
    assert "DINO_GENERATOR_TIMEOUT_SECONDS" in error.details


async def test_a_refused_prompt_is_the_clients_error_with_the_generators_words():
    error = await refused(lambda _: http("422 No", "application/json", b'{"error": "no weapons\\n please"}'))
    assert isinstance(error, InvalidRequest)
    assert "no weapons please" in error.message


@pytest.mark.parametrize("status", ["401 No", "403 No"])
async def test_a_refused_key_names_the_setting_and_not_the_key(status):
    error = await refused(lambda _: http(status, "text/plain", b"secret"))
    assert isinstance(error, ProcessingFailed)
    assert "DINO_GENERATOR_API_KEY" in error.details
    assert "secret" not in error.message + error.details


async def test_a_full_generator_says_when_to_come_again():
    error = await refused(lambda _: http("503 Full", "text/plain", b"", Retry_After="7"))
    assert isinstance(error, ServiceUnavailable)
    assert error.retry_after == 7


async def test_nobody_there_is_told_without_a_stack_trace():
    generator = Generator("http://127.0.0.1:9/", None, 5, 1000)
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        await generator.generate(ORDER)
    await generator.close()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>"),
        ("application/json", b"[1]"),
        ("application/json", b"{"),
        ("application/json", b"{}"),
        ("application/json", b'{"image": "***"}'),
    ],
)
async def test_answers_that_hold_no_picture_are_refused(kind, body):
    assert isinstance(await refused(lambda _: http("200 OK", kind, body)), ProcessingFailed)
