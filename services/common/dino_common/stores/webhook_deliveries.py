"""Deliveries to webhooks as documents: what is due when, who has it in hand, and how each attempt went.

A delivery in hand is one whose due time was moved into the future by whoever took it: a process that dies leaves
nothing behind but that time, after which the delivery is due again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from dino_common.errors import Conflict, NotFound
from dino_common.stores.cursors import older_than, write_cursor
from dino_common.stores.mongo import SCHEMA, Mongo, guarded, utc_now

_LOGGED_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """An event on its way to a webhook.

    Attributes:
        body: the exact text that is signed and sent.
        attempts: made so far; given_up_after: as many are made at most.
        due_at: not before then; None once it is over.
        attempt_log: the last ones, oldest first: at, response_status, error, seconds.
        expires_at: when the document is removed.
    """

    delivery_id: str
    webhook_id: str
    event: str
    body: str
    given_up_after: int
    expires_at: datetime
    due_at: datetime | None
    status: str = "pending"
    attempts: int = 0
    response_status: int | None = None
    error: str | None = None
    created_at: datetime = field(default_factory=utc_now)
    delivered_at: datetime | None = None
    attempt_log: list[dict[str, Any]] = field(default_factory=list)


_FIELDS = tuple(name for name in DeliveryRecord.__dataclass_fields__ if name != "delivery_id")


def _record(document: Mapping[str, Any]) -> DeliveryRecord:
    fields = {"due_at": None} | {name: document[name] for name in _FIELDS if name in document}
    return DeliveryRecord(document["_id"], **{"body": "{}", **fields})


class DeliveryStore:
    """The ``webhook_deliveries`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._deliveries = mongo.db["webhook_deliveries"]

    @guarded
    async def create(self, delivery: DeliveryRecord) -> bool:
        """Store a delivery; False, and nothing changes, when its id is there already."""
        document = {name: getattr(delivery, name) for name in _FIELDS if getattr(delivery, name) is not None}
        try:
            await self._deliveries.insert_one({"_id": delivery.delivery_id, "schema": SCHEMA, **document})
        except DuplicateKeyError:
            return False
        return True

    @guarded
    async def get(self, webhook_id: str, delivery_id: str) -> DeliveryRecord:
        """Return a delivery of a webhook.

        Raises:
            NotFound: the webhook has no such delivery.
        """
        document = await self._deliveries.find_one({"_id": delivery_id, "webhook_id": webhook_id})
        if document is None:
            raise NotFound(f"Delivery {delivery_id} not found", details=f"See GET /webhooks/{webhook_id}/deliveries.")
        return _record(document)

    @guarded
    async def list(
        self, webhook_id: str, limit: int, cursor: str | None = None, status: str | None = None
    ) -> tuple[list[DeliveryRecord], str | None]:
        """Return a page without payloads and attempts, newest first, and the next cursor.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        conditions: dict[str, Any] = {"webhook_id": webhook_id, **older_than(cursor, "created_at")}
        if status is not None:
            conditions["status"] = status
        found = self._deliveries.find(conditions, {"body": 0, "attempt_log": 0})
        documents = await found.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(limit + 1).to_list()
        records = [_record(document) for document in documents[:limit]]
        if len(documents) <= limit:
            return records, None
        return records, write_cursor(records[-1].created_at, records[-1].delivery_id)

    @guarded
    async def waiting(self) -> dict[str, int]:
        """Return how many deliveries of each webhook are pending."""
        stages = [{"$match": {"status": "pending"}}, {"$group": {"_id": "$webhook_id", "n": {"$sum": 1}}}]
        return {d["_id"]: int(d["n"]) async for d in await self._deliveries.aggregate(stages)}

    @guarded
    async def due_webhooks(self) -> Sequence[str]:
        """Return the webhooks that have a delivery to be sent now."""
        return await self._deliveries.distinct("webhook_id", {"due_at": {"$lte": utc_now()}})

    @guarded
    async def due(self, webhook_id: str, limit: int) -> Sequence[DeliveryRecord]:
        """Return deliveries of a webhook that are to be sent now, the longest due first."""
        found = self._deliveries.find({"webhook_id": webhook_id, "due_at": {"$lte": utc_now()}})
        return [_record(document) async for document in found.sort("due_at", ASCENDING).limit(limit)]

    @guarded
    async def take(self, delivery: DeliveryRecord, seconds: float) -> DeliveryRecord | None:
        """Take a due delivery in hand for so long; None when another process has it by now."""
        document = await self._deliveries.find_one_and_update(
            {"_id": delivery.delivery_id, "due_at": delivery.due_at},
            {"$set": {"due_at": utc_now() + timedelta(seconds=seconds)}, "$inc": {"attempts": 1}},
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else _record(document)

    @guarded
    async def settle(
        self, delivery: DeliveryRecord, attempt: Mapping[str, Any] | None, status: str, due_at: datetime | None
    ) -> bool:
        """Write down how a delivery in hand went, unless its time ran out and another process took it.

        Args:
            delivery: as ``take`` returned it.
            attempt: at, response_status, error and seconds; None when none was made.
            status: of the delivery now; due_at: of the next attempt when it is pending.
        """
        log = [*delivery.attempt_log, *([dict(attempt)] if attempt else [])][-_LOGGED_ATTEMPTS:]
        last = attempt or {"response_status": delivery.response_status, "error": None}
        changes: dict[str, Any] = {
            "status": status,
            "attempt_log": log,
            "response_status": last["response_status"],
            "error": last["error"],
        }
        if status == "delivered":
            changes["delivered_at"] = utc_now()
        update: dict[str, Any] = {"$set": changes}
        if due_at is None:
            update["$unset"] = {"due_at": ""}
        else:
            changes["due_at"] = due_at
        found = await self._deliveries.update_one({"_id": delivery.delivery_id, "due_at": delivery.due_at}, update)
        return found.matched_count == 1

    @guarded
    async def give_up(self, delivery: DeliveryRecord, reason: str) -> bool:
        """End a delivery in hand without an attempt, which does not count."""
        found = await self._deliveries.update_one(
            {"_id": delivery.delivery_id, "due_at": delivery.due_at},
            {"$set": {"status": "dead", "error": reason}, "$unset": {"due_at": ""}, "$inc": {"attempts": -1}},
        )
        return found.matched_count == 1

    @guarded
    async def again(self, webhook_id: str, delivery_id: str, attempts: int) -> DeliveryRecord:
        """Make a delivery that is over due now, with so many attempts before it.

        Raises:
            NotFound: the webhook has no such delivery.
            Conflict: it is not over.
        """
        before = await self.get(webhook_id, delivery_id)
        document = await self._deliveries.find_one_and_update(
            {"_id": delivery_id, "status": {"$in": ["delivered", "dead"]}},
            {
                "$set": {"status": "pending", "due_at": utc_now(), "given_up_after": before.attempts + attempts},
                "$unset": {"delivered_at": ""},
            },
            return_document=ReturnDocument.AFTER,
        )
        if document is None:
            raise Conflict(f"Delivery {delivery_id} is pending", details="It is sent at its next_attempt anyway.")
        return _record(document)

    @guarded
    async def delete_of(self, webhook_id: str) -> None:
        """Remove every delivery of a webhook."""
        await self._deliveries.delete_many({"webhook_id": webhook_id})
