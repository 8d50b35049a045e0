"""How an item is stored as a point: checked vector, payload, and the fields that filters read."""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from dino_analytics.index.errors import IndexDimensionMismatch, InvalidItem
from dino_analytics.index.interface import IndexItem, Scalar, Vector

PAYLOAD, KIND, CONTENT_TYPE, TAGS, TERMS, UPLOADED = (
    *("payload", "f_kind", "f_content_type", "f_tags", "f_metadata", "f_uploaded"),
)
KEYS, NUMBERS, WORDS = "f_keys", "f_numbers", "f_words"
KEYWORD_FIELDS = (KIND, CONTENT_TYPE, TAGS, TERMS, KEYS, WORDS)
FLOAT_FIELDS = (UPLOADED,)


def collection_name(model_version: str) -> str:
    """A name for files and servers: readable characters of the version and 12 hex of its SHA-256."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", model_version).strip("-")[:48].lower()
    digest = hashlib.sha256(model_version.encode()).hexdigest()[:12]
    return f"{readable}-{digest}" if readable else digest


def canonical_id(id: str) -> str:
    """The id in the UUID's usual form; InvalidItem when it is none."""
    try:
        return str(uuid.UUID(id))
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidItem(f"{id!r} is not a UUID") from error


def known_ids(ids: Sequence[str]) -> list[str]:
    """Those of the ids that are UUIDs, in usual form: any other cannot be in the index."""
    found = []
    for id in ids:
        try:
            found.append(canonical_id(id))
        except InvalidItem:
            continue
    return found


def unit_vector(vector: Vector, dimension: int, collection: str) -> Vector:
    """The (d,) vector at length 1 as float32, so that the dot product is the cosine."""
    wide = np.asarray(vector, dtype=np.float64)
    if wide.ndim != 1 or wide.shape[0] != dimension:
        raise IndexDimensionMismatch(collection, dimension, wide.shape[-1] if wide.ndim else 0)
    length = math.sqrt(float(wide @ wide))
    if not (math.isfinite(length) and length > 0.0):
        raise InvalidItem("a vector must be finite and not all zeros")
    return np.ascontiguousarray(wide / length, dtype=np.float32)


def term(key: str, value: Scalar) -> str:
    """One metadata entry as a keyword that keeps the value's type: equality on it is equality of entries."""
    if isinstance(value, bool | str):
        return json.dumps([key, value], ensure_ascii=False, separators=(",", ":"))
    number = float(value)
    if not math.isfinite(number):
        raise InvalidItem(f"metadata {key!r} is not a finite number")
    exact = int(value) if number.is_integer() else number
    return json.dumps([key, exact], ensure_ascii=False, separators=(",", ":"))


def number_field(key: str) -> str:
    """The name under `NUMBERS` of a metadata entry's number; keys may hold what a path of the index may not."""
    return f"n{key.encode().hex()}"


def stored_payload(item: IndexItem) -> dict[str, Any]:
    """The point's payload: the item's own under `payload`, and one field for each filter."""
    own = item.payload
    try:
        json.dumps(own, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidItem(f"the payload of {item.id} is not JSON: {error}") from error
    fields: dict[str, Any] = {PAYLOAD: own}
    if isinstance(kind := own.get("kind"), str):
        fields[KIND] = kind
    if isinstance(content_type := own.get("content_type"), str):
        fields[CONTENT_TYPE] = content_type
    if tags := own.get("tags"):
        fields[TAGS] = list(tags)
    entries = own.get("metadata") or {}
    terms = [term(k, v) for k, v in entries.items() if isinstance(v, str | int | float | bool)]
    if terms:
        fields[TERMS] = terms
        fields[KEYS] = [k for k, v in entries.items() if isinstance(v, str | int | float | bool)]
    numbers = {
        number_field(k): float(v) for k, v in entries.items() if isinstance(v, int | float) and not isinstance(v, bool)
    }
    if numbers:
        fields[NUMBERS] = numbers
    if words := own.get("words"):
        fields[WORDS] = list(words)
    if (uploaded := own.get("uploaded")) is not None:
        if isinstance(uploaded, bool) or not isinstance(uploaded, int | float):
            raise InvalidItem(f"uploaded must be seconds since 1970, got {uploaded!r}")
        fields[UPLOADED] = float(uploaded)
    return fields
