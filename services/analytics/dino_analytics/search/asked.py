"""What a request of the search operations asks, in the index's terms: filters and places in a list."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import orjson

from dino_analytics.index.interface import Condition, Filters, Scalar
from dino_common.contracts.search_filters import MetadataCondition, SearchFilters
from dino_common.errors import InvalidRequest

DEEPEST = 10_000
"""Hits that can be reached page by page."""


def index_filters(asked: SearchFilters, exclude: Iterable[str] = (), only: Iterable[str] | None = None) -> Filters:
    """Return the filters of a request.

    Args:
        asked: as the client sent them.
        exclude: further ids that must not be found.
        only: the ids that may be found, beside those of the filters; None: any.
    """
    equal: dict[str, Scalar] = {}
    conditions: list[Condition] = []
    for key, value in (asked.metadata or {}).items():
        if isinstance(value, MetadataCondition):
            conditions.append(_condition(key, value))
        else:
            equal[key] = value
    ids = None if asked.asset_ids is None else list(asked.asset_ids)
    if only is not None:
        allowed = set(only)
        ids = list(allowed) if ids is None else [asset_id for asset_id in ids if asset_id in allowed]
    # An index takes no ids for any: one that is no id finds nothing.
    ids = ["none"] if ids is not None and not ids else ids
    return Filters(
        kind=asked.kind,
        content_type=asked.content_type,
        tags_any=tuple(asked.tags_any or ()),
        tags_all=tuple(asked.tags_all or ()),
        metadata=equal,
        conditions=tuple(conditions),
        uploaded_after=asked.uploaded_after.timestamp() if asked.uploaded_after else None,
        uploaded_before=asked.uploaded_before.timestamp() if asked.uploaded_before else None,
        asset_ids=tuple(ids or ()),
        exclude_ids=(*(asked.exclude_ids or ()), *exclude),
    )


def _condition(key: str, asked: MetadataCondition) -> Condition:
    any_of = None if asked.any_of is None else tuple(asked.any_of)
    if asked.equals is not None:
        same = any_of is None or any(type(v) is type(asked.equals) and v == asked.equals for v in any_of)
        any_of = (asked.equals,) if same else ()
    return Condition(
        key=key,
        any_of=any_of,
        none_of=tuple(asked.none_of or ()),
        above=asked.gt,
        at_least=asked.gte,
        below=asked.lt,
        at_most=asked.lte,
        exists=asked.exists,
    )


def write_cursor(offset: int) -> str:
    """Return the cursor of the page that begins at this place."""
    return base64.urlsafe_b64encode(orjson.dumps({"o": offset})).decode().rstrip("=")


def read_cursor(cursor: str | None) -> int:
    """Return the place that a cursor names, 0 without one.

    Raises:
        InvalidRequest: not a cursor of these operations.
    """
    if cursor is None:
        return 0
    try:
        offset = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))["o"]
    except (ValueError, KeyError, TypeError):
        raise InvalidRequest("cursor: not a cursor of this operation") from None
    if isinstance(offset, bool) or not isinstance(offset, int) or not 0 <= offset < DEEPEST:
        raise InvalidRequest("cursor: not a cursor of this operation")
    return offset
