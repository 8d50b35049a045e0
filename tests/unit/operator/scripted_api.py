"""An HTTP server that answers as a test says, for faults that a real API server shows only after hours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web
from kubernetes.client import Configuration

from dino_operator.kube.client import KubeClient
from dino_operator.kube.credentials import Credentials

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def scripted(handler: Handler, **options: Any) -> AsyncIterator[KubeClient]:
    """A client of a server that answers every request by the handler."""
    # Handlers that wait for ever are not waited for.
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)  # pyright: ignore[reportArgumentType]
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    configuration.proxy = None
    client = KubeClient(Credentials(configuration), **options)
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


def status(code: int, reason: str, message: str = "", **headers: str) -> web.Response:
    """A refusal as the API server writes it."""
    body = {"kind": "Status", "code": code, "reason": reason, "message": message or reason}
    return web.json_response(body, status=code, headers=headers)


async def stream(
    request: web.Request, events: list[dict[str, Any]], *, until: asyncio.Event | None = None
) -> web.StreamResponse:
    """Answer a watch with these events, and end it, at once or once something happened."""
    answer = web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for event in events:
        await answer.write(orjson.dumps(event) + b"\n")
    if until is not None:
        await until.wait()
    await answer.write_eof()
    return answer


def item(name: str, version: int, **content: Any) -> dict[str, Any]:
    """A ConfigMap."""
    return {"metadata": {"name": name, "namespace": "default", "resourceVersion": str(version)}} | content


def listed(version: int, *items: dict[str, Any]) -> web.Response:
    """The answer to a list."""
    return web.json_response({"metadata": {"resourceVersion": str(version)}, "items": list(items)})
