"""PersistentVolumeClaims: the vector index in files, and fetched weights on a shared volume."""

from __future__ import annotations

from dino_operator.render.context import Context, Manifest
from dino_operator.render.weights import cache_kind


def claims(context: Context) -> list[Manifest]:
    """Return the claims that are wanted."""
    found: list[Manifest] = []
    if context.index_in_files:
        index = context.spec.analytics.storage
        found.append(_claim(context, "index", "ReadWriteOnce", index.size, index.storage_class))
    cache = next(
        (v.model.cache for v in context.versions if cache_kind(v.model) == "volume" and not v.model.cache.claim_name),
        None,
    )
    if cache is not None and cache.size is not None:
        found.append(_claim(context, "models", "ReadWriteMany", cache.size, cache.storage_class))
    return found


def _claim(context: Context, part: str, mode: str, size: str, storage_class: str | None) -> Manifest:
    spec: Manifest = {"accessModes": [mode], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    service = "analytics" if part == "index" else "inference"
    return context.manifest("v1", "PersistentVolumeClaim", context.object_name(part), service, spec=spec)
