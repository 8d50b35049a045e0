"""How the operator speaks with a platform: writes rollout and thresholds, asks versions how they do.

Knows nothing of Kubernetes. One link for one deployment.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any, TypeVar

import nats.errors
from nats.js.errors import APIError, BucketNotFoundError, KeyNotFoundError
from pydantic import BaseModel, ValidationError

from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.live_config import ROLLOUT, THRESHOLDS, open_bucket
from dino_common.bus.scatter import ask_all
from dino_common.contracts import OPERATIONS
from dino_common.contracts.configuration import Thresholds
from dino_common.contracts.internal import AnalyticsStatus, GatewayStatus, InferenceStatus
from dino_common.contracts.rollout import CompareVersionsResponse, Rollout, SelfTestResponse
from dino_common.errors import DinoError, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.validation import explain

log = logging.getLogger(__name__)
M = TypeVar("M", bound=BaseModel)

_TRANSIENT = (nats.errors.Error, APIError, TimeoutError, OSError)


class RolloutLink:
    """A connection to the bus of one deployment. Every method raises ServiceUnavailable while NATS is away."""

    def __init__(self, connection: Connection, bus: BusClient) -> None:
        """Use ``open`` instead."""
        self._connection, self._bus = connection, bus

    @classmethod
    async def open(cls, nats_url: str, namespace: str, deployment: str, *, wait: float = 5.0) -> RolloutLink:
        """Connect; a connection that is lost later comes back by itself.

        Args:
            nats_url: one or several servers, separated by commas.
            namespace, deployment: name the platform, ``dino.<namespace>.<deployment>`` on the bus.
            wait: seconds in which a server must answer.

        Raises:
            ServiceUnavailable: none did.
        """
        # Constructed, not read: the operator's own environment says nothing about a platform.
        settings = Settings.model_construct(
            nats_url=nats_url, namespace=namespace, deployment=deployment, instance=uuid.uuid4().hex[:8]
        )
        connection = Connection(settings, "operator")
        await connection.open(wait)
        bus = BusClient(connection)
        try:
            await bus.start()
        except BaseException:
            await connection.close()
            raise
        return cls(connection, bus)

    async def close(self) -> None:
        """End the connection."""
        await self._bus.stop()
        await self._connection.close()

    @property
    def closed(self) -> bool:
        """Whether the connection has ended for good, as after the server refused it: only another one helps."""
        return self._connection.client.is_closed

    @property
    def connected(self) -> bool:
        """Whether NATS is reachable now."""
        return self._connection.connected

    async def put_rollout(self, rollout: Rollout) -> bool:
        """Write the rollout when another one, or none, is stored; return whether it was written."""
        return await self._put(ROLLOUT, rollout)

    async def put_thresholds(self, thresholds: Thresholds) -> bool:
        """Write the thresholds when others, or none, are stored; return whether they were written."""
        return await self._put(THRESHOLDS, thresholds)

    async def rollout(self) -> Rollout | None:
        """Return the stored rollout; None when there is none or it cannot be read."""
        return await self._get(ROLLOUT, Rollout)

    async def thresholds(self) -> Thresholds | None:
        """Return the stored thresholds; None when there are none or they cannot be read."""
        return await self._get(THRESHOLDS, Thresholds)

    async def statuses(
        self, key: str | None, *, expect: int | None = None, patience: float = 1.5
    ) -> list[InferenceStatus]:
        """Ask every pod of a model version, and return what came, by instance.

        Args:
            key: of the version; None asks pods that were started without one.
            expect: number of pods after which no more are waited for.
            patience: seconds to wait for all of them.
        """
        subject = self._connection.subjects.everyone(OPERATIONS["inference-status"], key)
        found = await ask_all(self._connection, subject, {}, seconds=patience, expect=expect)
        statuses = [status for fields in found if (status := _read(InferenceStatus, fields)) is not None]
        return sorted(statuses, key=lambda status: status.instance)

    async def self_test(self, key: str | None, *, timeout: float = 60.0) -> SelfTestResponse:
        """Have a pod of the version run the golden picture and time full batches.

        Raises:
            ModelNotLoaded: no pod of the version answers.
            DeadlineExceeded, ServiceUnavailable: it is too slow, or full.
        """
        return await self._ask("self-test", {}, SelfTestResponse, timeout, key)

    async def analytics(self, *, timeout: float = 2.0) -> AnalyticsStatus | None:
        """Return the analytics service's status; None when none answers."""
        return await self._status("analytics-status", AnalyticsStatus, timeout)

    async def gateway(self, *, timeout: float = 3.0) -> GatewayStatus | None:
        """Return a gateway's status; None when none answers."""
        return await self._status("gateway-status", GatewayStatus, timeout)

    async def _status(self, operation: str, model: type[M], timeout: float) -> M | None:
        try:
            return await self._ask(operation, {}, model, timeout)
        except DinoError as error:
            if not self._connection.connected:
                raise
            log.debug("%s: no answer: %s", operation, error.message)
            return None

    async def compare(
        self, key: str, *, sample: int = 200, neighbours: int = 10, timeout: float = 120.0
    ) -> CompareVersionsResponse:
        """Have analytics compare a candidate's nearest neighbours with the serving version's.

        Features of the sample that the candidate has not yet are computed by it, which takes most of the time.

        Raises:
            ModelNotLoaded: one of the versions does not answer.
            DeadlineExceeded, ServiceUnavailable: too slow, or analytics does not answer.
        """
        request = {"key": key, "sample": sample, "neighbours": neighbours}
        return await self._ask("compare-versions", request, CompareVersionsResponse, timeout)

    async def forget(self) -> None:
        """Take rollout and thresholds back, for a deployment that is gone; nothing there is done."""
        try:
            bucket = await self._connection.jetstream().key_value(self._connection.subjects.config_bucket)
            for name in (ROLLOUT, THRESHOLDS):
                await bucket.delete(name)
        except BucketNotFoundError:
            return
        except _TRANSIENT as error:
            raise ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2) from error

    async def _ask(
        self, operation: str, request: dict[str, Any], answer: type[M], timeout: float, key: str | None = None
    ) -> M:
        context = Context(f"operator-{uuid.uuid4().hex[:12]}", time.time() + timeout, "operator")
        found = await self._bus.call(OPERATIONS[operation], request, context, model=key)
        try:
            return answer.model_validate(found)
        except ValidationError as error:
            raise ServiceUnavailable(f"the answer of {operation} cannot be read: {explain(error)}") from error

    async def _get(self, name: str, model: type[M]) -> M | None:
        try:
            entry = await (await open_bucket(self._connection)).get(name)
        except KeyNotFoundError:
            return None
        except _TRANSIENT as error:
            raise ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2) from error
        return _read(model, entry.value)

    async def _put(self, name: str, value: BaseModel) -> bool:
        if await self._get(name, type(value)) == value:
            return False
        try:
            await (await open_bucket(self._connection)).put(name, value.model_dump_json().encode())
        except _TRANSIENT as error:
            raise ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2) from error
        return True


def _read(model: type[M], found: Any) -> M | None:
    try:
        return model.model_validate_json(found) if isinstance(found, bytes) else model.model_validate(found)
    except ValidationError as error:
        log.warning("a %s cannot be read: %s", model.__name__, explain(error))
        return None
