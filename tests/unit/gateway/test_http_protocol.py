"""Connections that only hold a place are closed; those that work are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from dino_gateway import http_protocol
from dino_gateway.http_protocol import BoundedHttpProtocol


async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without reading the body, as a refusal does."""
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(http_protocol, "MAX_HEAD_SECONDS", 0.2)
    monkeypatch.setattr(http_protocol, "MAX_UNREAD_SECONDS", 0.2)
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(answer_at_once, http=BoundedHttpProtocol, log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    server = await loop.create_server(lambda: BoundedHttpProtocol(config, state, {}), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_connection_that_never_asks_is_closed(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_head_that_drips_in_is_closed(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nX-A")
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_body_that_outlives_its_answer_is_cut_off(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
    assert (await asyncio.wait_for(reader.readuntil(b"no"), 5)).startswith(b"HTTP/1.1 401")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_an_answered_connection_is_kept_for_the_next_request(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
        assert (await asyncio.wait_for(reader.readuntil(b"no"), 5)).startswith(b"HTTP/1.1 401")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.4)
    writer.close()
