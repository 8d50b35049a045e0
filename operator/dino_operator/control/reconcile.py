"""One look at one resource: see, decide, remember, tell the services, make the objects, say so."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dino_common.contracts.configuration import Thresholds
from dino_operator.control.bus import ResourceBus, Wanted
from dino_operator.control.children import Children, is_owned
from dino_operator.control.gpus import Gpus
from dino_operator.control.merge import merge_patch
from dino_operator.control.queue import Key, WorkQueue
from dino_operator.control.reporting import Reporting
from dino_operator.control.resources import Kept, Resources
from dino_operator.control.secrets import SecretReader, Secrets, needs
from dino_operator.control.seeing import deployments_seen, pods_seen, scalers_seen
from dino_operator.control.strays import Strays
from dino_operator.control.world import World
from dino_operator.kube.client import MERGE, KubeClient, Object
from dino_operator.kube.errors import Conflict, NotFound
from dino_operator.kube.kinds import CLAIMS, DEPLOYMENTS, RESOURCE, Kind
from dino_operator.kube.leading import Leading, NotLeadingError
from dino_operator.observe import BusSeen, PodSeen, Seen
from dino_operator.render import Facts, render
from dino_operator.render.context import CHECKSUM, MODEL_LABEL, ROLE_LABEL
from dino_operator.rollout import Step, advance
from dino_operator.settings import OperatorSettings
from dino_operator.spec import DinoDeployment, InvalidResource, read_resource
from dino_operator.spec.status import DinoDeploymentStatus
from dino_operator.status import build, invalid, read_status, transitions

log = logging.getLogger(__name__)

_COMPONENT = "app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class Result:
    """How a look ended.

    Attributes:
        outcome: unchanged, changed or gone.
        again: seconds until the next one is due at the latest.
    """

    outcome: str
    again: float | None = None


class Reconciler:
    """Brings one resource at a time to what it says.

    Args:
        client, world, resources: the cluster, and what is known of it.
        queue: who is woken by what comes later.
        reporting: events and metrics.
        settings: how often to ask.
        leading: asked before every write.
    """

    def __init__(
        self,
        client: KubeClient,
        world: World,
        resources: Resources,
        queue: WorkQueue,
        reporting: Reporting,
        settings: OperatorSettings,
        leading: Leading,
    ) -> None:
        """Begin with nothing remembered."""
        self._client, self._world, self._resources, self._queue = client, world, resources, queue
        self._reporting, self._settings = reporting, settings
        self._leading = leading
        self._children = Children(client, world, leading)
        self._strays = Strays(resources, settings.namespaces, leading)
        self._secrets = SecretReader(client, world)
        self._gpus = Gpus(client)

    async def reconcile(self, key: Key) -> Result:
        """Look at a resource once.

        Raises:
            ApiError: the API server refuses, or does not answer; what was begun is finished by the next look.
            NotLeadingError: another operator may act by now.
        """
        body = self._resources.get(key)
        if body is None:
            await self.forget(key, gone=True)
            return Result("gone")
        if body["metadata"].get("deletionTimestamp"):
            # Its children go with it; somebody's finalizer keeps it for now.
            return Result("unchanged")
        now, kept = datetime.now(UTC), self._resources.of(key)
        previous = read_status(body.get("status"))
        try:
            resource = read_resource(body)
        except InvalidResource as error:
            status = invalid(previous, error.faults, body["metadata"].get("generation"), now)
            written = await self._remember(key, body, status)
            self._reporting.report(body, status, transitions(previous, status) if written else ())
            return Result("changed" if written else "unchanged", self._settings.resync_seconds)
        live = [(kind, item) for kind, item in self._world.children(key) if _counts(kind, item, body)]
        secrets, seen = await self._see(key, kept, body, resource, previous, live)
        step = advance(resource, previous, seen, now)
        status = build(resource, previous, seen, step, now)
        if not self._leading.sure():
            raise NotLeadingError
        remembered = await self._remember(key, body, status)
        # What is not remembered would be said again at the next look.
        events = (*step.events, *transitions(previous, status)) if remembered else ()
        self._reporting.report(body, status, events)
        self._tell(key, kept, secrets, resource, step, seen, status)
        facts = Facts(
            free_gpus=seen.free_gpus,
            apis=seen.apis,
            crds=seen.crds,
            model_versions=step.model_versions,
            secret_hashes=secrets.hashes,
        )
        held = _held(kept.bus, step, live)
        rendered = _rendered(resource, facts, secrets, live)
        outcome = await self._children.bring(body, rendered, live, kept.refused, _is_inference if held else _nothing)
        if {r.said for r in outcome.refused.values()} != set(seen.refused):
            self._queue.add(key)
        kept.refused = outcome.refused
        waits = [step.requeue_after, outcome.again(), self._settings.resync_seconds]
        again = min(wait for wait in waits if wait is not None)
        return Result("changed" if remembered or outcome.written else "unchanged", again)

    async def _see(
        self,
        key: Key,
        kept: Kept,
        body: Object,
        resource: DinoDeployment,
        previous: DinoDeploymentStatus,
        live: list[tuple[Kind, Object]],
    ) -> tuple[Secrets, Seen]:
        served = self._world.served
        assert served is not None, "looked before the first list"
        wanted = needs(resource, Facts())
        kept.secrets = frozenset(need.secret for need in wanted)
        secrets = await self._secrets.look(key[0], wanted)
        inference, free = resource.spec.inference, {}
        if (device := inference.gpu_resource) is not None:
            serving = next((v.key for v in previous.versions or [] if v.role == "serving"), None)
            free = await self._gpus.free(device, key, serving)
        if secrets.nats_url is not None and (kept.bus is None or kept.bus.url != secrets.nats_url):
            if kept.bus is not None:
                await kept.bus.close()
            kept.bus = ResourceBus(
                key, secrets.nats_url, self._queue.add, self._leading, partial(self._strays.sweep, secrets.nats_url)
            )
        pods = pods_seen(self._world.pods(key))
        bus = BusSeen(reachable=False, error="the address of NATS is not known")
        if kept.bus is not None:
            bus = kept.bus.seen
            if bus.reachable and not any(bus.inference.values()) and kept.bus.asked_with != _ready_pods(pods):
                # Nobody was there to answer then; somebody may be now, and is being asked.
                bus = replace(bus, asked=False)
        return secrets, Seen(
            deployments=deployments_seen(live),
            pods=pods,
            scalers=scalers_seen(live),
            missing_secrets=secrets.missing,
            apis=served.versions,
            crds=served.crds,
            free_gpus=free,
            bus=bus,
            refused=tuple(sorted((r.said for r in kept.refused.values()), key=lambda said: said.child)),
            scale_actor=body.get("scaleActor"),
        )

    async def _remember(self, key: Key, body: Object, status: DinoDeploymentStatus) -> bool:
        """Write the status if it says something new; return whether it did."""
        wanted = status.model_dump(mode="json", by_alias=True, exclude_none=True)
        patch = merge_patch(body.get("status") or {}, wanted)
        kept = self._resources.of(key)
        if not patch or patch == kept.dropped:
            return False
        metadata = body["metadata"]
        # Decided from this version; were it another one by now, the decision could be another.
        sent: dict[str, Any] = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": patch}
        try:
            done = await self._client.request(
                "patch", "PATCH", RESOURCE.path(*key, "status"), body=sent, content_type=MERGE
            )
        except Conflict:
            self._resources.put(await self._client.request("get", "GET", RESOURCE.path(*key)))
            raise
        except NotFound:
            self._resources.drop(key)
            raise
        self._resources.put(done)
        kept.dropped = merge_patch(done.get("status") or {}, wanted)
        return True

    def _tell(
        self,
        key: Key,
        kept: Kept,
        secrets: Secrets,
        resource: DinoDeployment,
        step: Step,
        seen: Seen,
        status: DinoDeploymentStatus,
    ) -> None:
        if kept.bus is None:
            return
        is_ready = any(c.type == "Ready" and c.status == "True" for c in status.conditions or [])
        moving, settings = step.state.candidate is not None, self._settings
        thresholds = resource.spec.thresholds.model_dump(mode="json", exclude_none=True)
        kept.bus.want(
            Wanted(
                thresholds=Thresholds.model_validate(thresholds),
                rollout=step.rollout,
                pods=_ready_pods(seen.pods),
                seconds=settings.steady_seconds if is_ready and not moving else settings.observe_seconds,
                longest=settings.observe_seconds if moving else settings.steady_seconds,
            )
        )
        for question in step.asks:
            kept.bus.ask(question)

    def stand_by(self) -> None:
        """Look for strays again when we lead again."""
        self._strays.again()

    async def forget(self, key: Key, *, gone: bool) -> None:
        """Drop what is remembered of a resource.

        Args:
            gone: it was deleted, so that its word to the services is taken back too; else another operator goes on.
        """
        kept = self._resources.kept.pop(key, None)
        if kept is not None and kept.bus is not None:
            await kept.bus.close(forget=gone)
        if gone:
            self._reporting.drop(key)


def _ready_pods(pods: Iterable[PodSeen]) -> tuple[tuple[str, int], ...]:
    """Return how many inference pods of each model version are ready."""
    found = Counter(
        pod.key for pod in pods if pod.service == "inference" and pod.ready and not pod.deleting and pod.key
    )
    return tuple(sorted(found.items()))


def _counts(kind: Kind, item: Object, body: Object) -> bool:
    return kind == CLAIMS or is_owned(item, body["metadata"]["uid"])


def _held(bus: ResourceBus | None, step: Step, live: list[tuple[Kind, Object]]) -> bool:
    """Tell whether inference must stay as it is: callers still ask a version that is about to go.

    At a cut-over the services are told first. Until that has reached NATS, the old version keeps its pods.
    """
    served = {
        item["metadata"]["labels"].get(MODEL_LABEL)
        for _, item in live
        if item["metadata"].get("labels", {}).get(ROLE_LABEL) == "serving"
    }
    return bool(served - {step.rollout.serving}) and (bus is None or not bus.stored(step.rollout))


def _rendered(
    resource: DinoDeployment, facts: Facts, secrets: Secrets, live: list[tuple[Kind, Object]]
) -> list[Object]:
    rendered = render(resource, facts)
    if secrets.unknown:
        _keep_checksums(rendered, live)
    return rendered


def _keep_checksums(rendered: list[Object], live: list[tuple[Kind, Object]]) -> None:
    """Restart no pod because a Secret is away: it was there when the pod started."""
    there = {item["metadata"]["name"]: item for kind, item in live if kind == DEPLOYMENTS}
    for item in rendered:
        if item["kind"] == DEPLOYMENTS.kind and (known := there.get(item["metadata"]["name"])) is not None:
            old = (known["spec"]["template"]["metadata"].get("annotations") or {}).get(CHECKSUM)
            if old is not None:
                item["spec"]["template"]["metadata"]["annotations"][CHECKSUM] = old


def _is_inference(item: Object) -> bool:
    return item["metadata"].get("labels", {}).get(_COMPONENT) == "inference"


def _nothing(_: Object) -> bool:
    return False
