"""The way of a delivery in hand: sign, send, and write down what becomes of it."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from dino_common.contracts.webhooks import Delivery
from dino_common.errors import ServiceUnavailable
from dino_common.metrics import webhook_metrics
from dino_common.settings import Settings
from dino_common.stores.mongo import utc_now
from dino_common.stores.webhook_deliveries import DeliveryRecord, DeliveryStore
from dino_common.stores.webhooks import WebhookRecord, WebhookStore
from dino_gateway.webhooks.payloads import TEST
from dino_gateway.webhooks.schedule import delay
from dino_gateway.webhooks.sealing import Seal
from dino_gateway.webhooks.sending import Outcome, Sender
from dino_gateway.webhooks.signing import secret_bytes, signed_headers

log = logging.getLogger(__name__)
audit = logging.getLogger("dino.audit")

_LEASE_MARGIN = 5.0


class Delivering:
    """Makes one attempt at a time for whoever asks."""

    def __init__(
        self, settings: Settings, webhooks: WebhookStore, deliveries: DeliveryStore, seal: Seal, sender: Sender
    ) -> None:
        """Use these parts."""
        self._settings, self._webhooks, self._deliveries = settings, webhooks, deliveries
        self._seal, self._sender = seal, sender

    @property
    def lease(self) -> float:
        """Seconds for which a delivery is taken in hand: an attempt is over by then, also its writing down."""
        return self._settings.webhook_timeout + _LEASE_MARGIN

    async def attempt(self, webhook: WebhookRecord, delivery: DeliveryRecord) -> Outcome:
        """Send a delivery that was taken in hand, and settle it.

        Raises:
            ServiceUnavailable: MongoDB does not answer; the delivery is due again when its time is over.
        """
        at = utc_now()
        outcome = await self._send(webhook, delivery)
        status, due_at = self._settled(delivery, outcome)
        log_entry = {
            "at": at,
            "response_status": outcome.response_status,
            "error": outcome.error,
            "seconds": round(outcome.seconds, 4),
        }
        counted = await self._deliveries.settle(delivery, log_entry, status, due_at)
        word = {"delivered": "ok", "pending": "AGAIN", "dead": "DEAD"}[status]
        if delivery.event == TEST:
            word = "ok" if status == "delivered" else "TEST_FAILED"
        webhook_metrics().attempted(delivery.event, word, outcome.seconds)
        if counted and delivery.event != TEST:
            await self._note(webhook, delivery, outcome, status)
        return outcome

    async def _send(self, webhook: WebhookRecord, delivery: DeliveryRecord) -> Outcome:
        try:
            keys = [secret_bytes(self._seal.open(webhook.secret, webhook.webhook_id))]
        except ServiceUnavailable as error:
            log.error("%s %s", error.message, error.details)
            return Outcome(None, "Not sent: the secret does not open", 0.0)
        if webhook.previous_secret and webhook.previous_until and webhook.previous_until > utc_now():
            try:
                keys.append(secret_bytes(self._seal.open(webhook.previous_secret, webhook.webhook_id)))
            except ServiceUnavailable as error:
                # As after a lost key, for which one rotates.
                log.warning("signed with the new secret alone: %s", error.message)
        body = delivery.body.encode()
        headers = signed_headers(delivery.delivery_id, int(time.time()), body, keys)
        return await self._sender.send(webhook.url, headers, body)

    def _settled(self, delivery: DeliveryRecord, outcome: Outcome) -> tuple[str, datetime | None]:
        if outcome.error is None:
            return "delivered", None
        if outcome.gone or delivery.attempts >= delivery.given_up_after:
            return "dead", None
        # One that is sent again by hand begins with short pauses again.
        earlier = max(0, delivery.given_up_after - self._settings.webhook_max_attempts)
        attempts = max(1, delivery.attempts - earlier)
        seconds = delay(attempts, self._settings.webhook_first_retry, outcome.retry_after)
        return "pending", utc_now() + timedelta(seconds=seconds)

    async def _note(self, webhook: WebhookRecord, delivery: DeliveryRecord, outcome: Outcome, status: str) -> None:
        if outcome.error is None:
            await self._webhooks.succeeded(webhook.webhook_id)
            return
        level = logging.WARNING if status == "dead" else logging.INFO
        log.log(
            level,
            "webhook %s: attempt %d at %s failed (%s)%s",
            webhook.webhook_id,
            delivery.attempts,
            delivery.delivery_id,
            outcome.error,
            "; given up" if status == "dead" else "",
        )
        await self._webhooks.failed(webhook.webhook_id)
        since = webhook.failing_since
        limit = timedelta(seconds=self._settings.webhook_disable_after)
        if outcome.gone:
            await self._disable(webhook, "The receiver answered 410 Gone.")
        elif since is not None and utc_now() - since > limit:
            await self._disable(webhook, f"Every attempt has failed for {_words(limit)}.")

    async def _disable(self, webhook: WebhookRecord, reason: str) -> None:
        if await self._webhooks.disable(webhook.webhook_id, reason):
            webhook_metrics().disabled()
            audit.warning("webhook %s is switched off: %s", webhook.webhook_id, reason)


def _words(span: timedelta) -> str:
    return f"{span.days} days" if span.days >= 2 else f"{span.total_seconds():.0f} seconds"


def shown(delivery: DeliveryRecord) -> Delivery:
    """Return a delivery as clients see it."""
    return Delivery(
        delivery_id=delivery.delivery_id,
        webhook_id=delivery.webhook_id,
        event=delivery.event,
        status=delivery.status,  # type: ignore[arg-type]
        attempts=max(0, delivery.attempts),
        response_status=delivery.response_status,
        error=delivery.error,
        next_attempt=delivery.due_at,
        created_at=delivery.created_at,
        delivered_at=delivery.delivered_at,
    )
