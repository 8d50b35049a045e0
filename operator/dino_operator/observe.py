"""What was seen of one resource's world: frozen facts, gathered elsewhere, from which pure functions decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Service = Literal["gateway", "inference", "video", "analytics"]


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """A condition of a child, as the cluster writes it."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentSeen:
    """A Deployment that belongs to the resource.

    Attributes:
        name: of the object.
        service: label ``app.kubernetes.io/component``.
        key: label ``dinov3.io/model``; inference only.
        role: label ``dinov3.io/role``; inference only.
        model: annotation ``dinov3.io/model-spec`` parsed (the whole spec.model it was made from); inference only.
        desired: ``spec.replicas``, whoever set it.
        replicas, ready, updated: from its status; of the newest template: ``updated``.
        current: the Deployment controller has seen the newest generation.
        conditions: Available, Progressing, ReplicaFailure.
    """

    name: str
    service: Service
    key: str | None = None
    role: str | None = None
    model: Mapping[str, Any] | None = None
    desired: int = 1
    replicas: int = 0
    ready: int = 0
    updated: int = 0
    current: bool = True
    conditions: tuple[ConditionSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerSeen:
    """A container's state; of one that restarts, also how the last run ended.

    Attributes:
        init: an init container; ``weights`` is the one that fetches and checks the model.
        waiting_reason, waiting_message: of ``state.waiting``, such as ImagePullBackOff or CrashLoopBackOff.
        exit_code, ended_reason, ended_message: of ``state.terminated``, else of ``lastState.terminated``; the message
            is the termination message (the last log lines where the container wrote none).
    """

    name: str
    init: bool = False
    ready: bool = False
    restarts: int = 0
    waiting_reason: str | None = None
    waiting_message: str | None = None
    exit_code: int | None = None
    ended_reason: str | None = None
    ended_message: str | None = None


@dataclass(frozen=True, slots=True)
class PodSeen:
    """A pod of the resource.

    Attributes:
        phase: Pending, Running, Succeeded, Failed or Unknown.
        ready: condition Ready is True.
        deleting: it has a deletion timestamp.
        unschedulable: message of condition PodScheduled where that is False; else None.
        reason, message: of the pod's status, such as Evicted.
    """

    name: str
    service: Service
    key: str | None = None
    phase: str = "Pending"
    ready: bool = False
    deleting: bool = False
    node: str | None = None
    unschedulable: str | None = None
    reason: str | None = None
    message: str | None = None
    containers: tuple[ContainerSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class ScalerSeen:
    """A HorizontalPodAutoscaler or ScaledObject that the operator made."""

    kind: str
    name: str
    service: Service
    desired: int | None = None
    conditions: tuple[ConditionSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingSecret:
    """A Secret, or a key of it, that pods need and that is not there.

    Attributes:
        key: missing key; None: the whole Secret is missing.
        field: what names it, such as ``spec.connections.secretName``.
    """

    name: str
    key: str | None = None
    field: str = "spec.connections"


@dataclass(frozen=True, slots=True)
class Refused:
    """A child that the API server did not take.

    Attributes:
        child: kind and name, such as ``Deployment demo-gateway``.
        message: the server's words.
    """

    child: str
    message: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cumulative count of computed requests by seconds.

    Attributes:
        bounds: upper bounds of the buckets, seconds, rising; one more bucket follows without a bound.
        counts: requests in each bucket (not summed up), ``len(bounds) + 1`` of them.
    """

    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Counters:
    """Cumulative since the start of a process.

    Attributes:
        handled: requests answered or done, those that failed included.
        failed: by its own fault (not a client's).
        seconds: of requests that were computed and not taken from the cache.
    """

    handled: int = 0
    failed: int = 0
    seconds: Histogram = field(default_factory=Histogram)


@dataclass(frozen=True, slots=True)
class LibrarySeen:
    """How much of the library has features of a version, by all its pods together.

    Attributes:
        failed: contents of which this pod could compute no features.
        per_second: None before it is known.
        complete: nothing is left that could still be done.
    """

    total: int
    done: int
    failed: int = 0
    per_second: float | None = None
    complete: bool = False
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class InferenceSeen:
    """One inference pod's own word.

    Attributes:
        instance: name of the pod.
        model_version: of the loaded model; None: not loaded yet.
        mirrored, direct: what it did of the serving version's load unasked (canary), and for callers.
    """

    instance: str
    ready: bool
    reasons: tuple[str, ...] = ()
    model_version: str | None = None
    images_per_second: float | None = None
    library: LibrarySeen | None = None
    mirrored: Counters = field(default_factory=Counters)
    direct: Counters = field(default_factory=Counters)


@dataclass(frozen=True, slots=True)
class SelfTestSeen:
    """What a pod of a version answered to the golden picture.

    Attributes:
        passed: ``cosine >= bound``.
        error: why there is no measurement, such as a pod that did not answer; then ``passed`` says nothing.
        at: when it was asked.
    """

    passed: bool
    cosine: float | None = None
    bound: float | None = None
    images_per_second: float | None = None
    model_version: str | None = None
    error: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ComparisonSeen:
    """Agreement of the candidate's nearest neighbours with the serving version's, on a sample.

    Attributes:
        agreement: 0 to 1; None: too few assets to say.
        sample: assets compared.
        error: why there is none.
        at: when it was asked.
    """

    agreement: float | None = None
    sample: int = 0
    error: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IndexSeen:
    """An index of analytics, by the key and the name of its model version."""

    key: str | None
    model_version: str
    indexed: int = 0
    complete: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class AnalyticsSeen:
    """The analytics service's own word.

    Attributes:
        serving: the index that answers.
        candidate: the second index, while one is built.
    """

    ready: bool
    reasons: tuple[str, ...] = ()
    serving: IndexSeen | None = None
    candidate: IndexSeen | None = None


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """What one of the gateway's pods says of itself: its stores that do not answer, the needed ones first."""

    ready: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BusSeen:
    """What came over NATS.

    Attributes:
        reachable: the operator's own link works; False with ``error`` where it does not.
        asked: False before the first answer or failure, as after a restart of the operator: then nothing is known.
        inference: statuses of all pods that answered, by model key.
        self_tests, comparisons: latest answers by model key of the version asked about (of a comparison: the
            candidate).
        analytics, gateway: None: no answer.
    """

    reachable: bool = True
    asked: bool = True
    error: str | None = None
    inference: Mapping[str, tuple[InferenceSeen, ...]] = field(default_factory=dict)
    self_tests: Mapping[str, SelfTestSeen] = field(default_factory=dict)
    comparisons: Mapping[str, ComparisonSeen] = field(default_factory=dict)
    analytics: AnalyticsSeen | None = None
    gateway: GatewaySeen | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was seen at one time.

    Attributes:
        apis, crds, free_gpus: as in `render.Facts`.
        scale_actor: who changed ``spec.inference.replicas`` by the scale subresource last (field manager of
            subresource scale); None: nobody.
        refused: children of the last apply that the API server did not take.
    """

    deployments: tuple[DeploymentSeen, ...] = ()
    pods: tuple[PodSeen, ...] = ()
    scalers: tuple[ScalerSeen, ...] = ()
    missing_secrets: tuple[MissingSecret, ...] = ()
    apis: frozenset[str] = frozenset()
    crds: frozenset[str] = frozenset()
    free_gpus: Mapping[str, int] = field(default_factory=dict)
    bus: BusSeen = field(default_factory=BusSeen)
    refused: tuple[Refused, ...] = ()
    scale_actor: str | None = None

    def inference(self, key: str) -> DeploymentSeen | None:
        """Return the Deployment of a model version."""
        return next((d for d in self.deployments if d.service == "inference" and d.key == key), None)

    def pods_of(self, service: Service, key: str | None = None) -> tuple[PodSeen, ...]:
        """Return the pods of a service, of one model version where a key is given, that are not being deleted."""
        return tuple(pod for pod in self.pods if pod.service == service and key in (None, pod.key) and not pod.deleting)
