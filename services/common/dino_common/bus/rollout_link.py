"""How the operator speaks with a platform: writes rollout and thresholds, asks versions how they do.

Knows nothing of Kubernetes. One link for one deployment.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import nats.errors
from nats.js.errors import APIError, BucketNotFoundError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue
from pydantic import BaseModel, ValidationError

from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.context import Context
from dino_common.bus.live_config import ROLLOUT, THRESHOLDS, open_bucket
from dino_common.bus.scatter import ask_all
from dino_common.bus.subjects import Subjects
from dino_common.contracts import OPERATIONS
from dino_common.contracts.configuration import Thresholds
from dino_common.contracts.internal import AnalyticsStatus, GatewayStatus, InferenceStatus
from dino_common.contracts.rollout import CompareVersionsResponse, Rollout, SelfTestResponse
from dino_common.errors import Conflict, DinoError, ServiceUnavailable
from dino_common.settings import Settings
from dino_common.validation import explain

log = logging.getLogger(__name__)
M = TypeVar("M", bound=BaseModel)

# Asked before something stored is overwritten.
Allowed = Callable[[], Awaitable[bool]]

_MARK = "operator"
_BUCKET = re.compile(r"KV_dino_([a-z0-9-]+)_([a-z0-9-]+)_config")
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

    async def put_rollout(self, rollout: Rollout, allowed: Allowed | None = None) -> bool:
        """Write the rollout when another one, or none, is stored; return whether it was written.

        Args:
            rollout: to be stored.
            allowed: asked before another one is overwritten, after that was read.

        Raises:
            Conflict: it is not allowed, or somebody else wrote in the meantime.
        """
        return await self._put(ROLLOUT, rollout, allowed)

    async def put_thresholds(self, thresholds: Thresholds, allowed: Allowed | None = None) -> bool:
        """Write the thresholds when others, or none, are stored; return whether they were written.

        Args, raises: as `put_rollout`.
        """
        return await self._put(THRESHOLDS, thresholds, allowed)

    async def put_mark(self, mark: str) -> None:
        """Say beside them which operators wrote them."""
        try:
            bucket = await open_bucket(self._connection)
            try:
                if (await bucket.get(_MARK)).value == mark.encode():
                    return
            except KeyNotFoundError:
                pass
            await bucket.put(_MARK, mark.encode())
        except _TRANSIENT as error:
            raise _away() from error

    async def marked(self, mark: str) -> list[tuple[str, str]]:
        """Return namespace and name of every deployment on this NATS that bears a mark."""
        found: list[tuple[str, str]] = []
        try:
            jetstream, offset = self._connection.jetstream(), 0
            while page := await jetstream.streams_info(offset):
                offset += len(page)
                for name in (info.config.name or "" for info in page):
                    if (matched := _BUCKET.fullmatch(name)) is None:
                        continue
                    try:
                        entry = await (await jetstream.key_value(name.removeprefix("KV_"))).get(_MARK)
                    except (KeyNotFoundError, BucketNotFoundError):
                        continue
                    if entry.value == mark.encode():
                        found.append((matched[1], matched[2]))
        except _TRANSIENT as error:
            raise _away() from error
        return found

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

    async def forget(self, namespace: str | None = None, deployment: str | None = None) -> None:
        """Take rollout and thresholds back, for a deployment that is gone; nothing there is done.

        Args:
            namespace, deployment: of another one on the same NATS than the link's own.
        """
        subjects = self._connection.subjects
        if namespace is not None:
            subjects = Subjects(f"dino.{namespace}.{deployment}")
        try:
            bucket = await self._connection.jetstream().key_value(subjects.config_bucket)
            for name in (ROLLOUT, THRESHOLDS, _MARK):
                await bucket.delete(name)
        except BucketNotFoundError:
            return
        except _TRANSIENT as error:
            raise _away() from error

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
        entry = await self._entry(name)
        return None if entry is None else _read(model, entry.value)

    async def _entry(self, name: str) -> KeyValue.Entry | None:
        try:
            return await (await open_bucket(self._connection)).get(name)
        except KeyNotFoundError:
            return None
        except _TRANSIENT as error:
            raise _away() from error

    async def _put(self, name: str, value: BaseModel, allowed: Allowed | None) -> bool:
        entry = await self._entry(name)
        if entry is not None and _read(type(value), entry.value) == value:
            return False
        # After it was read: whoever was stopped before that sees what others wrote, and after it they are in the way.
        if entry is not None and allowed is not None and not await allowed():
            raise Conflict(f"The stored {name} is left as it is: another operator may have written it")
        data = value.model_dump_json().encode()
        try:
            bucket = await open_bucket(self._connection)
            if entry is None:
                await bucket.create(name, data)
            else:
                await bucket.update(name, data, last=entry.revision)
        except KeyWrongLastSequenceError as error:
            raise Conflict(f"The stored {name} was changed by somebody else at this moment") from error
        except _TRANSIENT as error:
            raise _away() from error
        return True


def _away() -> ServiceUnavailable:
    return ServiceUnavailable("The configuration store (NATS) does not answer", retry_after=2)


def _read(model: type[M], found: Any) -> M | None:
    try:
        return model.model_validate_json(found) if isinstance(found, bytes) else model.model_validate(found)
    except ValidationError as error:
        log.warning("a %s cannot be read: %s", model.__name__, explain(error))
        return None
