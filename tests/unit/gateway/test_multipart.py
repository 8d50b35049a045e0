"""Upload forms are read as they arrive, whatever the pieces they arrive in."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from PIL import Image
from starlette.requests import Request

from dino_common.errors import FileTooLarge, InvalidFileFormat, InvalidRequest
from dino_gateway.multipart import read_upload
from dino_gateway.sniff import PNG

MB = 1024 * 1024
LIMIT = 3 * MB
BOUNDARY = "----form-boundary"


def png(extra: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    return out.getvalue() + b"x" * extra


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"\r\nContent-Type: text/plain'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def make_request(
    body: bytes, step: int = 65_536, declared: int | None = None, content_type: str | None = None
) -> Request:
    pieces = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
    kind = content_type or f"multipart/form-data; boundary={BOUNDARY}"
    headers = [(b"content-type", kind.encode()), (b"content-length", str(declared or len(body)).encode())]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


@pytest.mark.parametrize("step", [1, 7, 65_536])
async def test_file_and_fields_are_found_however_the_body_is_cut(step):
    body = form(part("tags", b"a"), part("file", png(), "hero.png"), part("tags", b"b"), part("metadata", b"{}"))
    async with read_upload(make_request(body, step), LIMIT) as found:
        assert await found.file.finish() is PNG
        assert found.filename == "hero.png"
        assert found.fields == {"tags": ["a", "b"], "metadata": ["{}"]}
        assert found.file.size == len(png())
        assert found.file.sha256 == hashlib.sha256(png()).hexdigest()
        with found.file.open() as content:
            assert content.read() == png()


async def test_a_large_file_lies_on_disk_and_is_gone_afterwards():
    content = png(2 * MB)
    async with read_upload(make_request(form(part("file", content, "a.png"))), LIMIT) as found:
        await found.file.finish()
        path = found.file.source
        assert not isinstance(path, bytes)
        assert path.read_bytes() == content
        assert found.file.sha256 == hashlib.sha256(content).hexdigest()
    assert not path.exists()


async def test_the_limit_holds_to_the_byte():
    async with read_upload(make_request(form(part("file", png(LIMIT - len(png())), "a"))), LIMIT) as found:
        assert found.file.size == LIMIT
    with pytest.raises(FileTooLarge):
        async with read_upload(make_request(form(part("file", png(LIMIT - len(png()) + 1), "a"))), LIMIT):
            pytest.fail("one byte too many was taken")


async def test_a_declared_length_over_the_limit_is_refused_unread():
    request = make_request(b"", declared=LIMIT + 2 * MB)
    with pytest.raises(FileTooLarge):
        async with read_upload(request, LIMIT):
            pytest.fail("the body was read")


async def test_text_is_refused_after_its_first_kilobytes():
    with pytest.raises(InvalidFileFormat, match="text"):
        async with read_upload(make_request(form(part("file", b"hello " * 100_000, "a.jpg"))), LIMIT):
            pytest.fail("text was taken for a picture")


async def test_an_empty_file_is_said_to_be_empty():
    async with read_upload(make_request(form(part("file", b"", "a.jpg"))), LIMIT) as found:
        with pytest.raises(InvalidFileFormat, match="empty"):
            await found.file.finish()


@pytest.mark.parametrize(
    ("body", "content_type", "named"),
    [
        (form(part("tags", b"a")), None, "file"),
        (form(part("file", b"a", "a"), part("file", b"b", "b")), None, "more than one file"),
        (form(part("picture", b"a", "a.png")), None, "picture"),
        (form(part("note", b"n" * 200_000)), None, "too long"),
        (form(*[part(f"f{n}", b"") for n in range(130)]), None, "fields"),
        (form(part("note", b"\xff\xfe")), None, "UTF-8"),
        (part("file", b"a", "a.png"), None, "closing boundary"),
        (b"this is no form at all", None, "form"),
        (b"{}", "application/json", "multipart"),
        (b"", "multipart/form-data", "multipart"),
    ],
)
async def test_forms_that_are_none_are_refused_with_the_reason(body, content_type, named):
    with pytest.raises(InvalidRequest, match=named):
        async with read_upload(make_request(body, content_type=content_type), LIMIT):
            pytest.fail("it was taken")
