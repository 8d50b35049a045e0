"""What webhooks are told: events of the bus as the JSON that is signed and sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from dino_common.bus.events import ASSET_CREATED, ASSET_DELETED, JOB_FINISHED, VERDICT_MADE
from dino_common.contracts.base import iso
from dino_gateway.job_view import status_url

TEST = "webhook.test"
KINDS = (JOB_FINISHED, VERDICT_MADE, ASSET_CREATED, ASSET_DELETED)

# Names of deliveries live in a space of their own, so that an event that comes twice makes no second one.
_SPACE = uuid.UUID("c8a6a1f2-0d5e-4d0b-9b0e-3a7f5f0f6c11")
_ASSET_FIELDS = ("asset_id", "sha256", "kind")
_ERROR_FIELDS = ("code", "message", "details")


def event_key(kind: str, event: Mapping[str, Any]) -> str:
    """Return what tells an event from every other, and is the same when it is delivered again.

    An asset may be removed and made again under its id, as keyframes are: its time of upload tells them apart.
    """
    found = event.get("job_id") or event.get("verdict_id") or event.get("asset_id")
    at = event.get("at") if kind in (ASSET_CREATED, ASSET_DELETED) else None
    return f"{kind}:{found}:{at}" if at else f"{kind}:{found}"


def delivery_id(webhook_id: str, key: str) -> str:
    """Return the id of an event's delivery to a webhook."""
    return str(uuid.uuid5(_SPACE, f"{webhook_id}:{key}"))


def data_of(kind: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's ``data`` as receivers see it; a job's result is not in it, its address is."""
    if kind == JOB_FINISHED:
        error = event.get("error")
        return {
            **event,
            "error": {name: error.get(name) for name in _ERROR_FIELDS} if error else None,
            "status_url": status_url(str(event["job_id"])),
        }
    if kind in (ASSET_CREATED, ASSET_DELETED):
        return {name: event.get(name) for name in _ASSET_FIELDS}
    return dict(event)


def body_of(kind: str, data: Mapping[str, Any], at: datetime) -> str:
    """Return the JSON text: ``{type, timestamp, data}`` as the Standard Webhooks scheme recommends."""
    return orjson.dumps({"type": kind, "timestamp": iso(at), "data": data}).decode()
