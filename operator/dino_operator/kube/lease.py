"""One of several operators acts: the holder of a Lease, renewed while it lives and given back when it stops."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from dino_operator.kube.client import KubeClient, Object
from dino_operator.kube.errors import AlreadyExists, ApiError, Conflict, NotFound
from dino_operator.kube.kinds import LEASES
from dino_operator.kube.leading import clocks
from dino_operator.kube.shared import Shared

log = logging.getLogger(__name__)


class Lease:
    """Leadership among processes that name the same Lease.

    The holder writes the Lease every third of its length. Another one takes it when it has seen no write for the whole
    length, by its own clock: the clocks of two machines are never compared. A holder that cannot renew says so two
    thirds of the length after its last success, before another one may have begun.

    Args:
        client, namespace, name: where the Lease lies.
        confirming: a client by which `confirm` asks, so that no renewal waits behind it.
        identity: who we are; no two processes share it.
        seconds: its length.
        on_change: called with True when we begin to act, with False when we must stop.
    """

    def __init__(
        self,
        client: KubeClient,
        confirming: KubeClient,
        namespace: str,
        name: str,
        identity: str,
        seconds: float,
        on_change: Callable[[bool], None],
    ) -> None:
        """Prepare; `run` begins."""
        self._client, self._namespace, self._name, self._identity = client, namespace, name, identity
        self._confirming, self._confirmed = confirming, Shared(self._confirm)
        self._seconds, self._on_change = seconds, on_change
        self._held = False
        self._renewed = 0.0
        self._renewed_by: tuple[float, ...] = ()
        self._uid = ""
        self._seen: tuple[str, str] = ("", "")
        self._seen_at = 0.0
        self._version: str | None = None

    @property
    def held(self) -> bool:
        """Whether we act."""
        return self._held

    @property
    def mark(self) -> str:
        """Identity of the Lease: of this installation's operators, however often they change."""
        return self._uid

    def sure(self) -> bool:
        """Tell whether the lease is held, and by every clock nobody else can have taken it.

        A process that was stopped learns of its loss only when its tasks run again, in any order; this one tells at
        once. A clock that jumps ahead makes it unsure until the next renewal.
        """
        ages = [now - then for now, then in zip(clocks(), self._renewed_by, strict=False)]
        return self._held and bool(ages) and max(ages) < self._seconds * 2 / 3

    async def confirm(self) -> bool:
        """Tell whether the API server still names us as the holder.

        Callers that wait at the same time share a request, one that began after each of them asked.
        """
        return self.sure() and await self._confirmed.ask() and self.sure()

    async def _confirm(self) -> bool:
        if not self.sure():
            return False
        path = f"{LEASES.path(self._namespace)}/{self._name}"
        try:
            async with asyncio.timeout(self._seconds * 0.5):
                found: Object = await self._confirming.request("get", "GET", path, attempts=1)
        except (ApiError, TimeoutError) as error:
            said = error or "no answer in time"
            log.warning("the lease %s/%s cannot be confirmed: %s", self._namespace, self._name, said)
            return False
        return (found.get("spec") or {}).get("holderIdentity") == self._identity

    async def run(self) -> None:
        """Try for the lease and keep it, until cancelled; then give it back."""
        try:
            while True:
                begun, begun_by = time.monotonic(), clocks()
                try:
                    async with asyncio.timeout(self._seconds * 0.5):
                        got = await self._try()
                except (ApiError, TimeoutError) as error:
                    log.warning("the lease %s/%s: %s", self._namespace, self._name, error or "no answer in time")
                    got = None
                now = time.monotonic()
                if got:
                    self._renewed, self._renewed_by = begun, begun_by
                    self._become(True)
                elif got is False or now - self._renewed > self._seconds * 2 / 3:
                    self._become(False)
                pause = self._seconds / (3 if self._held else 6)
                if self._held:
                    pause = min(pause, max(0.05, self._renewed + self._seconds * 2 / 3 - now))
                await asyncio.sleep(pause * random.uniform(0.9, 1.0))
        finally:
            held, self._held = self._held, False
            if held:
                self._on_change(False)
                await asyncio.shield(self._release())

    def _become(self, leader: bool) -> None:
        if leader != self._held:
            self._held = leader
            log.info("%s the lease %s/%s", "holds" if leader else "lost", self._namespace, self._name)
            self._on_change(leader)

    async def _try(self) -> bool:
        path = LEASES.path(self._namespace)
        try:
            found: Object = await self._client.request("get", "GET", f"{path}/{self._name}", attempts=1)
        except NotFound:
            try:
                made = await self._client.request("create", "POST", path, body=self._wanted(None), attempts=1)
            except AlreadyExists:
                return False
            self._take(made)
            return True
        spec = found.get("spec") or {}
        holder, renewal = spec.get("holderIdentity") or "", spec.get("renewTime") or ""
        if (holder, renewal) != self._seen:
            self._seen, self._seen_at = (holder, renewal), time.monotonic()
        length = float(spec.get("leaseDurationSeconds") or self._seconds)
        if holder not in ("", self._identity) and time.monotonic() - self._seen_at < length:
            return False
        wanted = self._wanted(found)
        try:
            written = await self._client.request("update", "PUT", f"{path}/{self._name}", body=wanted, attempts=1)
        except Conflict:
            # The HTTP client sends a PUT again whose answer was lost: what we meet then may be our own writing.
            written = await self._client.request("get", "GET", f"{path}/{self._name}", attempts=1)
            spec = written.get("spec") or {}
            if spec.get("holderIdentity") != self._identity:
                return False
            if spec.get("renewTime") != wanted["spec"]["renewTime"]:
                # Ours still, but somebody else changed it and it is not renewed: the next try does.
                raise
        self._take(written)
        return True

    def _take(self, lease: Object) -> None:
        self._version, self._uid = lease["metadata"]["resourceVersion"], lease["metadata"].get("uid", "")

    def _wanted(self, found: Object | None, holder: str | None = None) -> Object:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        old = (found or {}).get("spec") or {}
        same = old.get("holderIdentity") == self._identity
        spec: Object = {
            "holderIdentity": self._identity if holder is None else holder,
            "leaseDurationSeconds": max(1, round(self._seconds)) if holder is None else 1,
            "acquireTime": old["acquireTime"] if same and old.get("acquireTime") else now,
            "renewTime": now,
            "leaseTransitions": int(old.get("leaseTransitions") or 0) + (0 if same or found is None else 1),
        }
        metadata: Object = {"name": self._name, "namespace": self._namespace}
        if found is not None:
            metadata = {k: v for k, v in found["metadata"].items() if k != "managedFields"}
        return {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": spec}

    async def _release(self) -> None:
        path = f"{LEASES.path(self._namespace)}/{self._name}"
        try:
            async with asyncio.timeout(2.0):
                found = await self._client.request("get", "GET", path, attempts=1)
                if (found.get("spec") or {}).get("holderIdentity") == self._identity:
                    body = self._wanted(found, holder="")
                    await self._client.request("update", "PUT", path, body=body, attempts=1)
                    log.info("gave the lease %s/%s back", self._namespace, self._name)
        except (ApiError, TimeoutError) as error:
            log.warning("the lease is not given back and runs out by itself: %s", error or "no answer in time")
