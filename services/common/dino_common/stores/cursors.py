"""Cursors of lists that run from newest to oldest: where a page ended, as text that clients only hand back."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from dino_common.bus.codec import pack, unpack
from dino_common.errors import InvalidRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_cursor(moment: datetime, document_id: str) -> str:
    """Return the cursor after the item with this time (kept in milliseconds) and id."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return base64.urlsafe_b64encode(pack([milliseconds, document_id])).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return time and id of the last item of the page before.

    Raises:
        InvalidRequest: not a cursor of this platform.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        milliseconds, document_id = unpack(data)
        if not isinstance(milliseconds, int) or not isinstance(document_id, str):
            raise ValueError("wrong types")
        return _EPOCH + timedelta(milliseconds=milliseconds), document_id
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidRequest(
            "cursor: not a cursor of this list", details="Send next_cursor of the page before, unchanged."
        ) from error


def older_than(cursor: str | None, field: str) -> dict[str, Any]:
    """Return the condition for documents after the cursor in the order (field, _id) descending."""
    if cursor is None:
        return {}
    moment, document_id = read_cursor(cursor)
    return {"$or": [{field: {"$lt": moment}}, {field: moment, "_id": {"$lt": document_id}}]}
