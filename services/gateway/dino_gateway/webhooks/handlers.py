"""Handlers of the webhooks group."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response

from dino_common.contracts.webhooks import (
    Attempt,
    CreateWebhookRequest,
    DeleteWebhookResponse,
    Delivery,
    DeliveryInFull,
    DeliveryPage,
    DeliveryRequest,
    ListDeliveriesRequest,
    ListWebhooksRequest,
    RedeliverRequest,
    RotateSecretRequest,
    TryWebhookRequest,
    UpdateWebhookRequest,
    Webhook,
    WebhookPage,
    WebhookRequest,
    WebhookWithSecret,
)
from dino_common.errors import Conflict
from dino_common.stores.mongo import utc_now
from dino_common.stores.webhook_deliveries import DeliveryRecord
from dino_common.stores.webhooks import WebhookRecord
from dino_gateway.call import Call
from dino_gateway.idempotency import AnswerOnce
from dino_gateway.webhooks.delivering import shown
from dino_gateway.webhooks.payloads import TEST, body_of
from dino_gateway.webhooks.service import Webhooks
from dino_gateway.webhooks.signing import make_secret, secret_bytes
from dino_gateway.webhooks.targets import Unresolved

audit = logging.getLogger("dino.audit")

_MOST_WEBHOOKS = 100


class WebhookHandlers:
    """Registers webhooks and shows what became of their deliveries."""

    def __init__(self, webhooks: Webhooks) -> None:
        """Use these parts."""
        self._w = webhooks

    async def create(self, call: Call, fields: CreateWebhookRequest, request: Request) -> Response:
        """Answer ``POST /webhooks``."""
        w = self._w
        await self._check(fields.url)
        if await w.store.count() >= _MOST_WEBHOOKS:
            raise Conflict(f"There are {_MOST_WEBHOOKS} webhooks", details="Delete some that are not needed.")
        secret = fields.secret or make_secret()
        secret_bytes(secret)
        webhook_id = str(uuid.uuid4())
        record = await w.store.create(
            WebhookRecord(
                webhook_id=webhook_id,
                url=fields.url,
                events=list(dict.fromkeys(fields.events)),
                job_statuses=_unique(fields.job_statuses),
                description=fields.description,
                active=fields.active,
                secret=w.seal.close(secret, webhook_id),
            )
        )
        await self._changed(call, "created", record)
        return _once(record, secret, 201)

    async def list(self, call: Call, fields: ListWebhooksRequest, request: Request) -> WebhookPage:
        """Answer ``GET /webhooks``."""
        records, cursor = await self._w.store.list(fields.limit, fields.cursor)
        return WebhookPage(items=[_webhook(record) for record in records], next_cursor=cursor)

    async def get(self, call: Call, fields: WebhookRequest, request: Request) -> Webhook:
        """Answer ``GET /webhooks/{webhook_id}``."""
        return _webhook(await self._w.store.get(fields.webhook_id))

    async def update(self, call: Call, fields: UpdateWebhookRequest, request: Request) -> Webhook:
        """Answer ``PATCH /webhooks/{webhook_id}``."""
        given = fields.model_dump(exclude={"webhook_id"}, exclude_none=True)
        await self._w.store.get(fields.webhook_id)
        if fields.url is not None:
            await self._check(fields.url)
        if fields.events is not None:
            given["events"] = list(dict.fromkeys(fields.events))
        if fields.job_statuses is not None:
            given["job_statuses"] = _unique(fields.job_statuses)
        if fields.active:
            given |= {"disabled_reason": None, "failing_since": None}
        record = await self._w.store.change(fields.webhook_id, given)
        await self._changed(call, f"changed ({', '.join(sorted(given)) or 'nothing'})", record)
        return _webhook(record)

    async def delete(self, call: Call, fields: WebhookRequest, request: Request) -> DeleteWebhookResponse:
        """Answer ``DELETE /webhooks/{webhook_id}``."""
        record = await self._w.store.get(fields.webhook_id)
        await self._w.store.delete(fields.webhook_id)
        await self._w.deliveries.delete_of(fields.webhook_id)
        await self._changed(call, "deleted", record)
        return DeleteWebhookResponse(webhook_id=fields.webhook_id, deleted=True)

    async def rotate(self, call: Call, fields: RotateSecretRequest, request: Request) -> Response:
        """Answer ``POST /webhooks/{webhook_id}/rotate-secret``."""
        secret = fields.secret or make_secret()
        secret_bytes(secret)
        before = await self._w.store.get(fields.webhook_id)
        record = await self._w.store.change(
            fields.webhook_id,
            {
                "secret": self._w.seal.close(secret, fields.webhook_id),
                "previous_secret": before.secret if fields.overlap_seconds else None,
                "previous_until": utc_now() + timedelta(seconds=fields.overlap_seconds),
            },
        )
        await self._changed(call, "given a new secret", record)
        return _once(record, secret, 200)

    async def test(self, call: Call, fields: TryWebhookRequest, request: Request) -> DeliveryInFull:
        """Answer ``POST /webhooks/{webhook_id}/test``: one attempt, made here and now."""
        w = self._w
        webhook = await w.store.get(fields.webhook_id)
        now = utc_now()
        data = {"webhook_id": webhook.webhook_id, "message": "This is a test.", "request_id": call.request_id}
        delivery = DeliveryRecord(
            delivery_id=str(uuid.uuid4()),
            webhook_id=webhook.webhook_id,
            event=TEST,
            body=body_of(TEST, data, now),
            given_up_after=1,
            attempts=1,
            expires_at=now + timedelta(seconds=w.settings.webhook_delivery_ttl),
            # In hand from the start: a gateway that dies now leaves it to another.
            due_at=now + timedelta(seconds=round(w.delivering.lease)),
            created_at=now,
        )
        await w.deliveries.create(delivery)
        await w.delivering.attempt(webhook, delivery)
        return _in_full(await w.deliveries.get(webhook.webhook_id, delivery.delivery_id))

    async def list_deliveries(self, call: Call, fields: ListDeliveriesRequest, request: Request) -> DeliveryPage:
        """Answer ``GET /webhooks/{webhook_id}/deliveries``."""
        await self._w.store.get(fields.webhook_id)
        records, cursor = await self._w.deliveries.list(fields.webhook_id, fields.limit, fields.cursor, fields.status)
        return DeliveryPage(items=[shown(record) for record in records], next_cursor=cursor)

    async def get_delivery(self, call: Call, fields: DeliveryRequest, request: Request) -> DeliveryInFull:
        """Answer ``GET /webhooks/{webhook_id}/deliveries/{delivery_id}``."""
        return _in_full(await self._w.deliveries.get(fields.webhook_id, fields.delivery_id))

    async def redeliver(self, call: Call, fields: RedeliverRequest, request: Request) -> Delivery:
        """Answer ``POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver``."""
        webhook = await self._w.store.get(fields.webhook_id)
        if not webhook.active:
            raise Conflict("The webhook is not active", details="Switch it on by PATCH first.")
        record = await self._w.deliveries.again(
            fields.webhook_id, fields.delivery_id, self._w.settings.webhook_max_attempts
        )
        self._w.wake.set()
        audit.info("delivery %s is sent again for %s", record.delivery_id, call.principal.name)
        return shown(record)

    async def _check(self, url: str) -> None:
        try:
            await self._w.targets.find(url)
        except Unresolved:
            # It may get an address later; until then each delivery says that it has none.
            return

    async def _changed(self, call: Call, what: str, record: WebhookRecord) -> None:
        audit.info(
            "webhook %s to %s %s by %s",
            record.webhook_id,
            urlsplit(record.url).hostname,
            what,
            call.principal.name,
            extra={"request_id": call.request_id},
        )
        await self._w.changed()


def _unique(statuses: list[str] | None) -> list[str] | None:
    """Return the outcomes once each; None, which is every one, when all three are named."""
    found = list(dict.fromkeys(statuses or ()))
    return found if 0 < len(found) < 3 else None


def _webhook(record: WebhookRecord) -> Webhook:
    return Webhook(**_fields(record))


def _fields(record: WebhookRecord) -> dict:
    return {name: getattr(record, name) for name in Webhook.model_fields}


def _once(record: WebhookRecord, secret: str, status: int) -> Response:
    """Return an answer with the secret, of which a repetition keeps everything but the secret."""
    answer = WebhookWithSecret(**_fields(record), secret=secret)
    kept = answer.model_copy(update={"secret": None})
    return AnswerOnce(answer.model_dump_json().encode(), status, kept.model_dump_json().encode())


def _in_full(record: DeliveryRecord) -> DeliveryInFull:
    return DeliveryInFull(
        **shown(record).model_dump(),
        payload=orjson.loads(record.body),
        attempt_log=[Attempt(**entry) for entry in record.attempt_log],
    )
