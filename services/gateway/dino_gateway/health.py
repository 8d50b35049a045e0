"""Handlers of the probes: health of every part, liveness, readiness, and the models that serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.contracts.internal import GatewayStatus, StatusRequest
from dino_common.contracts.system import (
    Connection,
    Gpu,
    HealthResponse,
    LiveResponse,
    ModelHealth,
    ModelInfo,
    ModelsResponse,
    NoRequest,
    ReadyResponse,
    ServiceHealth,
)
from dino_common.errors import DinoError, ModelNotLoaded
from dino_common.stores.mongo import utc_now
from dino_gateway.answers import json_answer
from dino_gateway.backends import Backends
from dino_gateway.call import Call

_PING_SECONDS = 2.0
_SERVICES = ("inference", "analytics", "video")
# Without these no request of the main road can be answered; video has work of its own.
_NEEDED = ("inference", "analytics")


class HealthHandlers:
    """Asks every part at the same time, briefly."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._b = backends

    async def live(self, call: Call, fields: NoRequest, request: Request) -> LiveResponse:
        """Answer ``GET /live``."""
        return LiveResponse(status="alive")

    async def ready(self, call: Call, fields: NoRequest, request: Request) -> Response:
        """Answer ``GET /ready``: 503 with the reasons when a needed part is not there."""
        if self._b.draining.is_set():
            return json_answer(ReadyResponse(ready=False, reasons=["the gateway is stopping"]), 503)
        (database, objects), statuses = await asyncio.gather(
            asyncio.gather(self._within(self._b.mongo.ping()), self._within(self._b.objects.ping())),
            asyncio.gather(*(self._status(service) for service in _NEEDED)),
        )
        reasons = [] if self._b.connection.connected else ["NATS is not connected"]
        reasons += [] if database else ["MongoDB does not answer"]
        reasons += [] if objects else ["the object store does not answer"]
        for service, status in zip(_NEEDED, statuses, strict=True):
            if isinstance(status, DinoError):
                reasons.append(f"{service}: {status.message}")
            elif not status["ready"]:
                reasons += [f"{service}: {reason}" for reason in status["reasons"] or ["not ready"]]
        return json_answer(ReadyResponse(ready=not reasons, reasons=reasons), 503 if reasons else 200)

    async def status(self, context: Context, fields: StatusRequest) -> GatewayStatus:
        """Answer the bus operation ``gateway-status``: for the operator, which asks the other services itself."""
        b = self._b
        pings = (b.mongo.ping(), b.objects.ping(), b.cache.ping())
        database, objects, cache = await asyncio.gather(*(self._within(ping) for ping in pings))
        needed = ["the gateway is stopping"] if b.draining.is_set() else []
        needed += [] if database else ["MongoDB does not answer"]
        needed += [] if objects else ["the object store does not answer"]
        return GatewayStatus(
            service="gateway",
            instance=b.settings.instance,
            version=__version__,
            ready=not needed,
            reasons=needed + ([] if cache else ["Redis does not answer; requests are slower without it"]),
        )

    async def health(self, call: Call, fields: NoRequest, request: Request) -> Response:
        """Answer ``GET /health``: 503 when unhealthy."""
        b = self._b
        pings = (b.mongo.ping(), b.cache.ping(), b.objects.ping())
        (database, cache, objects), statuses = await asyncio.gather(
            asyncio.gather(*(self._within(ping) for ping in pings)),
            asyncio.gather(*(self._status(service) for service in _SERVICES)),
        )
        services = {name: _service(status) for name, status in zip(_SERVICES, statuses, strict=True)}
        inference = statuses[0] if isinstance(statuses[0], dict) else {}
        bus = b.connection.connected
        answer = HealthResponse(
            status=_overall(bool(database and objects and bus), cache, services),
            timestamp=utc_now(),
            version=__version__,
            gpu=Gpu.model_validate(inference.get("gpu") or {"available": False}),
            model=_model(inference.get("model")),
            database=_connection("mongodb", database, "Start MongoDB, or set MONGODB_URL."),
            cache=_connection("redis", cache, "Start Redis, or set REDIS_URL; requests are slower without it."),
            object_storage=_connection("s3", objects, "Check CLOUDFLARE_R2_ENDPOINT, the keys and the bucket."),
            bus=_connection("nats", bus, "Start NATS, or set NATS_URL."),
            services=services,
        )
        return json_answer(answer, 503 if answer.status == "unhealthy" else 200)

    async def models(self, call: Call, fields: NoRequest, request: Request) -> ModelsResponse:
        """Answer ``GET /models``: the model that serves first, then those of a rollout that have processes."""
        try:
            status = await self._b.statuses.get("inference")
        except DinoError as error:
            raise ModelNotLoaded(error.message, retry_after=error.retry_after) from error
        rollout = self._b.config.rollout
        others = () if rollout is None else rollout.keys[1:]
        found = [status, *await asyncio.gather(*(self._version(key) for key in others))]
        # By the rollout as it is seen here: each process tells its own view, which may lag at a cut-over.
        return ModelsResponse(
            items=[
                ModelInfo.model_validate({**told["model"], "serving": told is status})
                for told in found
                if told is not None and told["model"]
            ]
        )

    async def _version(self, key: str) -> dict[str, Any] | None:
        try:
            return await self._b.statuses.of_version(key)
        except DinoError:
            return None  # kept for going back to, without a process

    async def _status(self, service: str) -> dict[str, Any] | DinoError:
        try:
            return await self._b.statuses.get(service)
        except DinoError as error:
            return error

    @staticmethod
    async def _within(ping: Awaitable[bool]) -> bool:
        try:
            async with asyncio.timeout(_PING_SECONDS):
                return await ping
        except TimeoutError:
            return False


def _overall(
    needed: bool, cache: bool, services: dict[str, ServiceHealth]
) -> Literal["healthy", "degraded", "unhealthy"]:
    if not needed or not all(services[name].ready for name in _NEEDED):
        return "unhealthy"
    return "healthy" if cache and all(service.ready for service in services.values()) else "degraded"


def _service(status: dict[str, Any] | DinoError) -> ServiceHealth:
    if isinstance(status, DinoError):
        return ServiceHealth(ready=False, detail=status.message)
    return ServiceHealth(ready=status["ready"], detail="; ".join(status["reasons"]) or None)


def _model(model: dict[str, Any] | None) -> ModelHealth:
    if model is None:
        return ModelHealth(loaded=False, name=None, device=None)
    named = ("name", "device", "version", "dimension", "engine", "precision")
    return ModelHealth(loaded=True, **{field: model[field] for field in named})


def _connection(kind: str, connected: bool, fix: str) -> Connection:
    return Connection(connected=connected, type=kind, detail=None if connected else fix)
