"""Webhooks as documents; the secrets in them are sealed by whoever writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pymongo import DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from dino_common.errors import Conflict, NotFound
from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, to_milliseconds, utc_now


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """A webhook.

    Attributes:
        job_statuses: outcomes of jobs that it is told of; None for every one.
        secret: sealed; previous_secret: sealed, signs beside it until ``previous_until``.
        failing_since: first failed attempt after the last that succeeded.
    """

    webhook_id: str
    url: str
    events: list[str]
    secret: str
    job_statuses: list[str] | None = None
    description: str = ""
    active: bool = True
    previous_secret: str | None = None
    previous_until: datetime | None = None
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    last_success: datetime | None = None
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)

    def wants(self, event: str, status: str | None) -> bool:
        """Return whether it is told of this event, of a job with this outcome when the event is one."""
        if not self.active or event not in self.events:
            return False
        return self.job_statuses is None or event != "job.finished" or status in self.job_statuses


_FIELDS = tuple(name for name in WebhookRecord.__dataclass_fields__ if name != "webhook_id")


def _record(document: Mapping[str, Any]) -> WebhookRecord:
    return WebhookRecord(document["_id"], **{name: document[name] for name in _FIELDS if name in document})


class WebhookStore:
    """The ``webhooks`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._webhooks = mongo.db["webhooks"]

    @guarded
    async def create(self, webhook: WebhookRecord) -> WebhookRecord:
        """Store a webhook and return it as it will be read.

        Raises:
            Conflict: the id is taken.
        """
        webhook = replace(
            webhook,
            created_at=to_milliseconds(webhook.created_at),
            updated_at=to_milliseconds(webhook.updated_at),
        )
        document = {name: getattr(webhook, name) for name in _FIELDS}
        try:
            await self._webhooks.insert_one({"_id": webhook.webhook_id, "schema": SCHEMA, **document})
        except DuplicateKeyError as error:
            raise Conflict(f"Webhook {webhook.webhook_id} exists already") from error
        return webhook

    @guarded
    async def get(self, webhook_id: str) -> WebhookRecord:
        """Return a webhook.

        Raises:
            NotFound: no webhook has this id.
        """
        return _found(await self._webhooks.find_one({"_id": webhook_id}), webhook_id)

    @guarded
    async def count(self) -> int:
        """Return how many there are."""
        return await self._webhooks.count_documents({})

    @guarded
    async def active(self) -> list[WebhookRecord]:
        """Return every webhook that is told of events."""
        return [_record(document) async for document in self._webhooks.find({"active": True})]

    @guarded
    async def list(self, limit: int, cursor: str | None = None) -> tuple[list[WebhookRecord], str | None]:
        """Return a page, newest first, and the next cursor.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        found = self._webhooks.find(older_than(cursor, "created_at"))
        documents = await found.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].created_at, records[-1].webhook_id)

    @guarded
    async def change(self, webhook_id: str, changes: Mapping[str, Any]) -> WebhookRecord:
        """Set these fields and return the webhook.

        Raises:
            NotFound: no webhook has this id.
        """
        document = await self._webhooks.find_one_and_update(
            {"_id": webhook_id},
            {"$set": {**changes, "updated_at": utc_now()}},
            return_document=ReturnDocument.AFTER,
        )
        return _found(document, webhook_id)

    @guarded
    async def succeeded(self, webhook_id: str) -> None:
        """Note that an attempt succeeded."""
        await self._webhooks.update_one(
            {"_id": webhook_id}, {"$set": {"last_success": utc_now(), "failing_since": None}}
        )

    @guarded
    async def failed(self, webhook_id: str) -> None:
        """Note that an attempt failed; the first after a success counts."""
        await self._webhooks.update_one(
            {"_id": webhook_id, "failing_since": None}, {"$set": {"failing_since": utc_now()}}
        )

    @guarded
    async def disable(self, webhook_id: str, reason: str) -> bool:
        """Switch an active webhook off and say why; return whether it was active."""
        found = await self._webhooks.update_one(
            {"_id": webhook_id, "active": True},
            {"$set": {"active": False, "disabled_reason": reason, "updated_at": utc_now()}},
        )
        return found.modified_count == 1

    @guarded
    async def delete(self, webhook_id: str) -> None:
        """Remove a webhook.

        Raises:
            NotFound: no webhook has this id.
        """
        if not (await self._webhooks.delete_one({"_id": webhook_id})).deleted_count:
            raise _missing(webhook_id)


def _found(document: Mapping[str, Any] | None, webhook_id: str) -> WebhookRecord:
    if document is None:
        raise _missing(webhook_id)
    return _record(document)


def _missing(webhook_id: str) -> NotFound:
    return NotFound(f"Webhook {webhook_id} not found", details="See GET /webhooks.")
