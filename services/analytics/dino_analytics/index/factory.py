"""Which index the settings ask for."""

from __future__ import annotations

from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.interface import VectorIndex
from dino_analytics.index.server import ServerIndex
from dino_common.settings import Settings


async def open_index(settings: Settings, model_version: str, dimension: int) -> VectorIndex:
    """Open the index of a model version: on the server at QDRANT_URL when set, else in files of DINO_INDEX_DIR.

    Raises a subclass of `IndexFault`.
    """
    if settings.qdrant_url is None:
        root = settings.index_dir.expanduser() / f"{settings.namespace}-{settings.deployment}"
        return await EdgeIndex.open(root, model_version, dimension)
    from qdrant_client import AsyncQdrantClient

    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    client = AsyncQdrantClient(url=settings.qdrant_url, api_key=key, timeout=10)
    prefix = f"dino_{settings.namespace}_{settings.deployment}"
    try:
        return await ServerIndex.open(client, model_version, dimension, prefix=prefix)
    except BaseException:
        await client.close()
        raise
