"""Which index the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.interface import VectorIndex
from dino_analytics.index.server import ServerIndex
from dino_common.settings import Settings

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient


async def open_index(settings: Settings, model_version: str, dimension: int) -> VectorIndex:
    """Open the index of a model version: on the server at QDRANT_URL when set, else in files of DINO_INDEX_DIR.

    Raises a subclass of `IndexFault`.
    """
    if settings.qdrant_url is None:
        return await EdgeIndex.open(_root(settings), model_version, dimension)
    client = _client(settings)
    try:
        return await ServerIndex.open(client, model_version, dimension, prefix=_prefix(settings))
    except BaseException:
        await client.close()
        raise


async def drop_index(settings: Settings, model_version: str) -> None:
    """Remove the index of a model version that no process has open; one that is not there is no error.

    Raises a subclass of `IndexFault`.
    """
    if settings.qdrant_url is None:
        await EdgeIndex.drop(_root(settings), model_version)
        return
    client = _client(settings)
    try:
        await ServerIndex.drop(client, model_version, prefix=_prefix(settings))
    finally:
        await client.close()


def _root(settings: Settings) -> Path:
    return settings.index_dir.expanduser() / f"{settings.namespace}-{settings.deployment}"


def _prefix(settings: Settings) -> str:
    return f"dino_{settings.namespace}_{settings.deployment}"


def _client(settings: Settings) -> AsyncQdrantClient:
    from qdrant_client import AsyncQdrantClient

    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    return AsyncQdrantClient(url=settings.qdrant_url, api_key=key, timeout=10)
