"""Webhooks: addresses that are told of finished jobs and verdicts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from .base import AssetId, Request, Response, Seconds, Timestamp
from .codes import ErrorCode
from .operation import Operation, Scope, Service

EventType = Literal["job.finished", "verdict.made", "asset.created", "asset.deleted"]
JobOutcome = Literal["succeeded", "failed", "cancelled"]
DeliveryState = Literal["pending", "delivered", "dead"]

_EXAMPLE = "7b0f4c1e-52d7-4c56-9a3e-0e1c8f5a6d21"
_DELIVERY = "2f9d5e0b-8d3a-57a4-b0c1-6f1d2a3b4c5d"
_URL = "https://example.com/hooks/dino"
_DELIVERED: dict[str, Any] = {
    "delivery_id": _DELIVERY,
    "webhook_id": _EXAMPLE,
    "event": "job.finished",
    "status": "pending",
    "attempts": 1,
    "response_status": 503,
    "error": "The response was 503",
    "next_attempt": "2026-01-05T10:00:05.000Z",
    "created_at": "2026-01-05T10:00:00.000Z",
    "delivered_at": None,
}
# Printable ASCII without spaces: anything else is percent-encoded, and nothing can be smuggled into the request.
Url = Annotated[str, StringConstraints(min_length=9, max_length=2000, pattern=r"^https?://[!-~]+$")]
Secret = Annotated[str, StringConstraints(max_length=100, pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$")]
Events = Annotated[list[EventType], Field(min_length=1, max_length=4)]
Outcomes = Annotated[list[JobOutcome], Field(min_length=1, max_length=3)]
Description = Annotated[str, StringConstraints(max_length=500)]


class Subscriptions(BaseModel):
    """Events that some active webhook wants, as the gateway tells the other services."""

    model_config = ConfigDict(extra="ignore")

    events: list[str] = Field(default_factory=list)


class CreateWebhookRequest(Request):
    """Where to tell of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": _URL, "events": ["job.finished", "verdict.made"], "description": "Publishing pipeline"}
            ]
        }
    )

    url: Url = Field(description="https, at an address of the public internet unless the deployment allows others.")
    events: Events = Field(description="What to tell of.")
    job_statuses: Outcomes | None = Field(
        default=None, description="Of `job.finished`, only these; null for every outcome."
    )
    secret: Secret | None = Field(
        default=None, description="`whsec_` and 24–64 bytes in base64; made by the platform when left out."
    )
    description: Description = Field(default="", description="For people.")
    active: bool = Field(default=True, description="Whether it is told of events.")


class WebhookRequest(Request):
    """A webhook by id."""

    webhook_id: AssetId = Field(description="As in the answer to its creation.")


class TryWebhookRequest(WebhookRequest):
    """Which webhook to try."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class UpdateWebhookRequest(WebhookRequest):
    """What to change; what is left out or null stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"active": True, "events": ["job.finished"]}]})

    url: Url | None = None
    events: Events | None = Field(default=None, description="Replaces all.")
    job_statuses: Outcomes | None = Field(default=None, description="All three for every outcome.")
    description: Description | None = None
    active: bool | None = Field(default=None, description="true also ends what switched it off.")


class RotateSecretRequest(WebhookRequest):
    """A new secret; the old one signs beside it for a while."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86400}]})

    secret: Secret | None = Field(default=None, description="Made by the platform when left out.")
    overlap_seconds: int = Field(
        default=86_400, ge=0, le=604_800, description="How long every delivery carries both signatures."
    )


class ListWebhooksRequest(Request):
    """Which webhooks to list, newest first."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=256)


class Webhook(Response):
    """A webhook, without its secret."""

    webhook_id: AssetId
    url: str
    events: list[EventType]
    job_statuses: list[JobOutcome] | None
    description: str
    active: bool
    disabled_reason: str | None = Field(description="Why the platform switched it off; null when it did not.")
    failing_since: Timestamp | None = Field(description="First failed attempt after the last that succeeded.")
    last_success: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class WebhookWithSecret(Webhook):
    """A webhook and its secret, which is shown this once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "webhook_id": _EXAMPLE,
                    "url": _URL,
                    "events": ["job.finished", "verdict.made"],
                    "job_statuses": None,
                    "description": "Publishing pipeline",
                    "active": True,
                    "disabled_reason": None,
                    "failing_since": None,
                    "last_success": None,
                    "created_at": "2026-01-05T10:00:00.000Z",
                    "updated_at": "2026-01-05T10:00:00.000Z",
                    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                }
            ]
        }
    )

    secret: str | None = Field(description="Null in a repeated answer: it is kept nowhere that could show it again.")


class WebhookPage(Response):
    """A page of webhooks."""

    items: list[Webhook]
    next_cursor: str | None


class DeleteWebhookResponse(Response):
    """What was removed."""

    webhook_id: AssetId
    deleted: bool


class ListDeliveriesRequest(WebhookRequest):
    """Which deliveries to list, newest first."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=256)
    status: DeliveryState | None = None


class DeliveryRequest(WebhookRequest):
    """A delivery by id."""

    delivery_id: AssetId = Field(description="The `webhook-id` header that the receiver saw.")


class RedeliverRequest(DeliveryRequest):
    """Which delivery to send again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class Attempt(Response):
    """One request to the webhook's address."""

    at: Timestamp
    response_status: int | None = Field(description="Null when no response came.")
    error: str | None = Field(description="Why it counts as failed; null when it succeeded.")
    seconds: Seconds


class Delivery(Response):
    """An event on its way to a webhook."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DELIVERED]})

    delivery_id: AssetId
    webhook_id: AssetId
    event: str
    status: DeliveryState = Field(description="`dead`: given up; it can be sent again by redeliver.")
    attempts: int = Field(ge=0)
    response_status: int | None = Field(description="Of the last attempt.")
    error: str | None = Field(description="Of the last attempt.")
    next_attempt: Timestamp | None = Field(description="Not before then; null once it is over.")
    created_at: Timestamp
    delivered_at: Timestamp | None


class DeliveryInFull(Delivery):
    """A delivery with what is sent and each of its last attempts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_DELIVERED,
                    "payload": {
                        "type": "job.finished",
                        "timestamp": "2026-01-05T10:00:00.000Z",
                        "data": {"job_id": "0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11", "status": "succeeded"},
                    },
                    "attempt_log": [
                        {
                            "at": "2026-01-05T10:00:00.000Z",
                            "response_status": 503,
                            "error": "The response was 503",
                            "seconds": 0.12,
                        }
                    ],
                }
            ]
        }
    )

    payload: dict[str, Any]
    attempt_log: list[Attempt] = Field(description="The last twenty, oldest first.")


class DeliveryPage(Response):
    """A page of deliveries."""

    items: list[Delivery]
    next_cursor: str | None


def _operation(
    name: str, method: str, path: str, request: type[Request], response: type[Response], summary: str, **more: Any
) -> Operation:
    return Operation(
        name=name,
        service=Service.GATEWAY,
        method=method,
        path=f"/webhooks{path}",
        request=request,
        response=response,
        tag="webhooks",
        summary=summary,
        # They send what happens in the whole deployment to an address outside of it.
        scope=Scope.ADMIN,
        errors=(*more.pop("errors", ()), *((ErrorCode.NOT_FOUND,) if path else ())),
        **more,
    )


OPERATIONS = (
    _operation("list-webhooks", "GET", "", ListWebhooksRequest, WebhookPage, "List webhooks, newest first"),
    _operation(
        "create-webhook",
        "POST",
        "",
        CreateWebhookRequest,
        WebhookWithSecret,
        "Tell an address of finished jobs and verdicts",
        description="Signed by the Standard Webhooks scheme; the secret is shown in this answer alone.",
        status=201,
        idempotency=True,
        errors=(ErrorCode.CONFLICT,),
    ),
    _operation("get-webhook", "GET", "/{webhook_id}", WebhookRequest, Webhook, "A webhook"),
    _operation("update-webhook", "PATCH", "/{webhook_id}", UpdateWebhookRequest, Webhook, "Change a webhook"),
    _operation(
        "delete-webhook",
        "DELETE",
        "/{webhook_id}",
        WebhookRequest,
        DeleteWebhookResponse,
        "Delete a webhook",
        description="Its deliveries go too; one under way may still arrive.",
    ),
    _operation(
        "rotate-webhook-secret",
        "POST",
        "/{webhook_id}/rotate-secret",
        RotateSecretRequest,
        WebhookWithSecret,
        "Give a webhook a new secret",
        idempotency=True,
    ),
    _operation(
        "test-webhook",
        "POST",
        "/{webhook_id}/test",
        TryWebhookRequest,
        DeliveryInFull,
        "Send a webhook.test event now",
        description="One attempt, whether the webhook is active or not; the answer says how it went.",
        timeout_s=60,
        idempotency=True,
    ),
    _operation(
        "list-webhook-deliveries",
        "GET",
        "/{webhook_id}/deliveries",
        ListDeliveriesRequest,
        DeliveryPage,
        "What was sent to a webhook and what is to be sent",
    ),
    _operation(
        "get-webhook-delivery",
        "GET",
        "/{webhook_id}/deliveries/{delivery_id}",
        DeliveryRequest,
        DeliveryInFull,
        "A delivery with its payload and attempts",
    ),
    _operation(
        "redeliver-webhook",
        "POST",
        "/{webhook_id}/deliveries/{delivery_id}/redeliver",
        RedeliverRequest,
        Delivery,
        "Send a finished delivery again",
        description="A dead letter or a delivered one: it is due at once, with all its attempts before it.",
        errors=(ErrorCode.CONFLICT,),
        idempotency=True,
    ),
)
