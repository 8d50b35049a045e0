"""The active webhooks as this process last saw them: every event asks, so that the document store need not be."""

from __future__ import annotations

import time

from dino_common.stores.webhooks import WebhookRecord, WebhookStore

_FRESH_SECONDS = 1.0


class Book:
    """Active webhooks, at most a second old."""

    def __init__(self, store: WebhookStore) -> None:
        """Read them there."""
        self._store = store
        self._seen: dict[str, WebhookRecord] = {}
        self._until = 0.0

    async def active(self) -> dict[str, WebhookRecord]:
        """Return them by id.

        Raises:
            ServiceUnavailable: MongoDB does not answer.
        """
        if time.monotonic() >= self._until:
            began = time.monotonic()
            self._seen = {webhook.webhook_id: webhook for webhook in await self._store.active()}
            self._until = began + _FRESH_SECONDS
        return self._seen

    def forget(self) -> None:
        """Look anew at the next question: this process has changed a webhook."""
        self._until = 0.0
