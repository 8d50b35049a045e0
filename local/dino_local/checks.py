"""Health checks: each does a small piece of the server's real work, and raises while it cannot."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx

from dino_local.endpoints import ObjectStore


class NotReady(RuntimeError):
    """Raised by a check that got an answer, but not the wanted one."""


async def check_nats(url: str) -> None:
    """Connect, and ask JetStream for its account."""
    import nats

    client = await nats.connect(url, allow_reconnect=False, connect_timeout=2, error_cb=_ignore)
    try:
        await client.jetstream().account_info()
    finally:
        with suppress(Exception):
            await client.close()


async def check_redis(url: str) -> None:
    """PING; a server that is still loading its file answers with an error."""
    from redis.asyncio import Redis

    client = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
    try:
        await client.execute_command("PING")
    finally:
        await client.aclose()


async def check_mongodb(url: str) -> None:
    """Find the server and run ``ping``."""
    from pymongo import AsyncMongoClient

    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(url, serverSelectionTimeoutMS=2000)
    try:
        await client.admin.command("ping")
    finally:
        await client.close()


_PROBE = ".dino/ready"


async def check_objects(store: ObjectStore) -> None:
    """Write a byte and read it back; a bucket answers before the volumes behind it do."""
    await asyncio.to_thread(_write_and_read, store)


async def check_http(url: str) -> None:
    """GET ``url`` and want 200."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        answer = await client.get(url)
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"{url} answered {answer.status_code}: {answer.text[:300]}")


def _write_and_read(store: ObjectStore) -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        region_name="us-east-1",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=5,
            retries={"max_attempts": 1},
        ),
    )
    client.put_object(Bucket=store.bucket, Key=_PROBE, Body=b"1")
    client.get_object(Bucket=store.bucket, Key=_PROBE)["Body"].read()


async def _ignore(error: Exception) -> None:
    # nats-py prints connection errors to standard error unless told where else to put them; the caller
    # gets the same error as an exception.
    del error
