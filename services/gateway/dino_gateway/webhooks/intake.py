"""From an event to its deliveries, one for every webhook that wants it."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

from dino_common.settings import Settings
from dino_common.stores.mongo import utc_now
from dino_common.stores.webhook_deliveries import DeliveryRecord, DeliveryStore
from dino_gateway.webhooks.book import Book
from dino_gateway.webhooks.payloads import body_of, data_of, delivery_id, event_key

log = logging.getLogger(__name__)


class Intake:
    """Handles the events of the bus. An event that comes again makes no second delivery: its id follows from both."""

    def __init__(self, settings: Settings, book: Book, deliveries: DeliveryStore, wake: asyncio.Event) -> None:
        """Args:
        settings: how long deliveries are kept and how often they are tried.
        book: who wants what.
        deliveries: where they are stored.
        wake: set when there is something to send.
        """
        self._settings, self._book, self._deliveries, self._wake = settings, book, deliveries, wake

    async def on_event(self, kind: str, event: dict[str, Any]) -> None:
        """Store the event's deliveries before it is acknowledged.

        Raises:
            ServiceUnavailable: MongoDB does not answer; the event comes again.
        """
        status = event.get("status")
        wanted = [webhook for webhook in (await self._book.active()).values() if webhook.wants(kind, status)]
        if not wanted:
            return
        now, key = utc_now(), event_key(kind, event)
        body = body_of(kind, data_of(kind, event), now)
        for webhook in wanted:
            created = await self._deliveries.create(
                DeliveryRecord(
                    delivery_id=delivery_id(webhook.webhook_id, key),
                    webhook_id=webhook.webhook_id,
                    event=kind,
                    body=body,
                    given_up_after=self._settings.webhook_max_attempts,
                    expires_at=now + timedelta(seconds=self._settings.webhook_delivery_ttl),
                    due_at=now,
                    created_at=now,
                )
            )
            if not created:
                log.info("event %s was in hand already for webhook %s", key, webhook.webhook_id)
        self._wake.set()
