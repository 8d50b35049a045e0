"""API keys, kept straight in MongoDB: the first key must be made before anyone can call the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from dino_cli.address import mongodb_url
from dino_cli.failures import Exit, Failure
from dino_common.errors import DinoError, ServiceUnavailable
from dino_common.settings import Settings, load_settings
from dino_common.stores.api_keys import ApiKey, ApiKeyStore
from dino_common.stores.mongo import Mongo

T = TypeVar("T")


def with_keys(work: Callable[[ApiKeyStore], Awaitable[T]]) -> T:
    """Connect, do ``work`` with the keys, and disconnect.

    The store is MONGODB_URL, else the one that ``make run`` has started, else the default of the settings.

    Raises:
        Failure: nothing answers there (exit code 3), or the work failed.
    """
    try:
        return asyncio.run(_connected(work))
    except ServiceUnavailable as error:
        raise Failure(
            error.message, details=error.details, code=error.code.value, exit_code=Exit.UNREACHABLE
        ) from error
    except DinoError as error:
        raise Failure(error.message, details=error.details, code=error.code.value) from error


async def _connected(work: Callable[[ApiKeyStore], Awaitable[T]]) -> T:
    mongo = await Mongo.connect(_settings())
    try:
        return await work(ApiKeyStore(mongo))
    finally:
        await mongo.close()


def _settings() -> Settings:
    settings = load_settings()
    url = mongodb_url()
    return settings.model_copy(update={"mongodb_url": url}) if url else settings


def as_dict(key: ApiKey) -> dict[str, Any]:
    """Return a key for ``--json``, without its hash."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "usable": key.usable,
        "created_at": _iso(key.created_at),
        "expires_at": _iso(key.expires_at),
        "revoked_at": _iso(key.revoked_at),
        "last_used_at": _iso(key.last_used_at),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
