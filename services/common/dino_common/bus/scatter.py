"""Asking every process at once: one question, an answer of each, until enough have come or the time is up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
from nats.aio.subscription import Subscription
from pydantic import BaseModel

from dino_common.bus import codec
from dino_common.bus.connection import Connection
from dino_common.errors import DinoError, ServiceUnavailable

log = logging.getLogger(__name__)

_NO_RESPONDERS = "503"


async def ask_all(
    connection: Connection,
    subject: str,
    request: dict[str, Any],
    *,
    seconds: float = 0.5,
    quiet: float | None = None,
    expect: int | None = None,
) -> list[Any]:
    """Publish a question and return the decoded answers; none at once when nobody listens.

    Args:
        connection: of this process.
        subject: on which every process listens without a queue group.
        request: plain values.
        seconds: how long to wait in all.
        quiet: seconds without a further answer after which no more are waited for; None waits for all of the time.
        expect: number of answers after which no more are waited for.

    Raises:
        ServiceUnavailable: NATS is not reachable.
    """
    found: list[Any] = []
    heard = asyncio.Event()
    nobody = False

    async def receive(msg: Any) -> None:
        nonlocal nobody
        if msg.data:
            found.append(codec.unpack(msg.data))
        elif msg.headers and msg.headers.get("Status") == _NO_RESPONDERS:
            nobody = True
        heard.set()

    inbox = connection.client.new_inbox()
    try:
        subscription = await connection.client.subscribe(inbox, cb=receive)
    except (nats.errors.Error, OSError) as error:
        raise ServiceUnavailable("The bus (NATS) is not reachable", retry_after=2) from error
    try:
        await connection.client.publish(subject, codec.pack(request), reply=inbox)
        end = time.monotonic() + seconds
        while not nobody and (expect is None or len(found) < expect) and (left := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(left, quiet) if found and quiet is not None else left):
                    await heard.wait()
            except TimeoutError:
                break
            heard.clear()
    except (nats.errors.Error, OSError) as error:
        raise ServiceUnavailable("The bus (NATS) is not reachable", retry_after=2) from error
    finally:
        if not connection.client.is_closed:
            await subscription.unsubscribe()
    return found


async def answer_all(
    connection: Connection, subject: str, answer: Callable[[], Awaitable[BaseModel | dict[str, Any]]]
) -> Subscription:
    """Answer everyone who asks on the subject, each in a task of its own; whoever cannot answer is silent."""
    tasks: set[asyncio.Task[None]] = set()

    async def respond(msg: Any) -> None:
        try:
            await msg.respond(codec.pack(await answer()))
        except (DinoError, nats.errors.Error, OSError) as error:
            log.warning("no answer on %s: %r", subject, error)

    async def receive(msg: Any) -> None:
        task = asyncio.create_task(respond(msg))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return await connection.client.subscribe(subject, cb=receive)
