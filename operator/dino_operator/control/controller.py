"""The operator as a whole: what it watches, who works, and when it may act."""

from __future__ import annotations

import asyncio
import logging
import random
import time

from opentelemetry import trace

from dino_common.bus.tasks import end
from dino_operator import metrics
from dino_operator.control.own import OwnWatch
from dino_operator.control.queue import Key, WorkQueue
from dino_operator.control.reconcile import Reconciler, Result
from dino_operator.control.reporting import Reporting
from dino_operator.control.resources import Resources
from dino_operator.control.world import World
from dino_operator.kube.client import KubeClient
from dino_operator.kube.errors import ApiError
from dino_operator.kube.events import Recorder
from dino_operator.kube.leading import Alone, NotLeadingError
from dino_operator.kube.lease import Lease
from dino_operator.settings import OperatorSettings

log = logging.getLogger(__name__)
tracer = trace.get_tracer("dino.operator")

_LOOK_SECONDS = 120.0


class Controller:
    """Follows every resource, and works on them while it leads.

    Args:
        settings: of the process.
        client: of the cluster.
        namespace: of the lease, where the settings name none.
    """

    def __init__(self, settings: OperatorSettings, client: KubeClient, namespace: str) -> None:
        """Prepare; `run` begins."""
        self._settings, self._client = settings, client
        self.queue, self.resources = WorkQueue(), Resources()
        self.world = World(
            client,
            settings.namespaces,
            wake=self._wake,
            wake_secret=self._wake_secret,
            wake_all=self._wake_all,
            discovery_seconds=settings.discovery_seconds,
        )
        self.reporting = Reporting(Recorder(client, settings.identity))
        self._own = OwnWatch(client, settings.namespaces, self.resources, self.queue.add)
        self._acting = asyncio.Event()
        self._standing_by = asyncio.Event()
        # Connections of its own: a lease must not wait behind a thousand children.
        self._lease_client = KubeClient(client.credentials, timeout=settings.lease_seconds / 2, connections=2)
        # Nor behind those who ask whose it is.
        self._confirm_client = KubeClient(client.credentials, timeout=settings.lease_seconds / 2, connections=1)
        self._lease = Lease(
            self._lease_client,
            self._confirm_client,
            settings.lease_namespace or namespace,
            settings.lease_name,
            settings.identity,
            settings.lease_seconds,
            self._lead,
        )
        leading = self._lease if settings.leader_election else Alone()
        self._reconciler = Reconciler(client, self.world, self.resources, self.queue, self.reporting, settings, leading)
        metrics.LEADER.set(0)

    def _wake(self, key: Key) -> None:
        if self.resources.get(key) is not None:
            self.queue.add(key)

    def _wake_secret(self, secret: Key) -> None:
        for key in self.resources.needing(*secret):
            self.queue.add(key)

    def _wake_all(self) -> None:
        for key in self.resources:
            self.queue.add(key)

    def _lead(self, leads: bool) -> None:
        metrics.LEADER.set(leads)
        if leads:
            self._wake_all()
            self._standing_by.clear()
            self._acting.set()
        else:
            self._acting.clear()
            self._standing_by.set()

    async def not_ready(self) -> list[str]:
        """Return why the operator cannot work; empty when it can, or stands by for the one that does."""
        reasons = []
        if not self._own.synced.is_set():
            reasons.append("the DinoDeployments are not listed yet")
        if not self.world.synced:
            reasons.append("not every kind of child is listed yet")
        return reasons

    async def run(self) -> None:
        """Run until cancelled; then finish nothing, as the next one goes on from what the cluster says."""
        tasks = [
            asyncio.create_task(self.world.run(), name="world"),
            asyncio.create_task(self._own.run(), name="resources"),
            asyncio.create_task(self.reporting.run(), name="events"),
            asyncio.create_task(self._lead_and_work(), name="work"),
        ]
        if self._settings.leader_election:
            tasks.append(asyncio.create_task(self._lease.run(), name="lease"))
        else:
            self._lead(True)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    # None ends by itself.
                    task.result()
                    raise RuntimeError(f"{task.get_name()} ended")
        finally:
            # Work stops before the lease is given back, so that no two act at once.
            await end(tasks[:4])
            await end(tasks[4:])
            await self._lease_client.close()
            await self._confirm_client.close()

    async def _lead_and_work(self) -> None:
        await asyncio.gather(self._own.synced.wait(), self.world.wait_synced())
        log.info("%d resources are known", len(self.resources))
        while True:
            await self._acting.wait()
            workers = [asyncio.create_task(self._work()) for _ in range(self._settings.workers)]
            metering = asyncio.create_task(self._meter())
            try:
                await self._standing_by.wait()
            finally:
                await end([*workers, metering])
                # Who does not act says nothing to the services either.
                await self._let_go()

    async def _let_go(self) -> None:
        self._reconciler.stand_by()
        await asyncio.gather(*(self._reconciler.forget(key, gone=False) for key in tuple(self.resources.kept)))

    async def _meter(self) -> None:
        while True:
            metrics.QUEUE_DEPTH.set(len(self.queue))
            await asyncio.sleep(1.0)

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                await self._look(key)
            finally:
                self.queue.done(key)

    async def _look(self, key: Key) -> None:
        begun = time.perf_counter()
        result = Result("fault")
        with tracer.start_as_current_span("reconcile") as span:
            span.set_attributes({"k8s.namespace.name": key[0], "dino.resource": key[1]})
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    result = await self._reconciler.reconcile(key)
            except (ApiError, TimeoutError, NotLeadingError) as error:
                result = Result("retry")
                wait = self.queue.failed(key)
                span.record_exception(error)
                log.warning("%s/%s: again in %.1f s after: %s", *key, wait, error or "took too long")
            except Exception as error:
                # A fault of ours with one resource must not hold up the others.
                wait = self.queue.failed(key)
                span.record_exception(error)
                log.exception("%s/%s: again in %.1f s", *key, wait)
            else:
                self.queue.succeeded(key)
                if result.again is not None:
                    self.queue.add(key, result.again * random.uniform(0.9, 1.0))
                elif result.outcome == "gone":
                    self.queue.forget(key)
            span.set_attribute("dino.outcome", result.outcome)
        metrics.RECONCILES.labels(result.outcome).inc()
        metrics.RECONCILE_SECONDS.observe(time.perf_counter() - begun)
