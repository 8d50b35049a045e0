"""A small world that follows the operator: pods start, answer, are measured, embed and are indexed, tick by tick."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dino_operator.observe import (
    AnalyticsSeen,
    BusSeen,
    ComparisonSeen,
    ConditionSeen,
    Counters,
    DeploymentSeen,
    Histogram,
    IndexSeen,
    InferenceSeen,
    LibrarySeen,
    PodSeen,
    Seen,
    SelfTestSeen,
)
from dino_operator.render.context import plain
from dino_operator.render.facts import ModelVersion, model_key
from dino_operator.rollout import Step, advance
from dino_operator.spec import DinoDeployment, read_resource
from dino_operator.spec.status import DinoDeploymentStatus
from dino_operator.status import build, read_status

BOUNDS = (0.05, 0.1, 0.2, 0.4, 0.8)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SMALL = {"name": "small", "source": {"pvc": {"claimName": "models"}}}
LARGE = {"name": "large", "source": {"pvc": {"claimName": "models"}}}
OTHER = {"name": "other", "source": {"pvc": {"claimName": "models"}}}


def made(model: dict[str, Any] | None = None, **spec: Any) -> DinoDeployment:
    """A resource with this model; the rest of its spec by field."""
    return read_resource(
        {
            "apiVersion": "dinov3.io/v1alpha1",
            "kind": "DinoDeployment",
            "metadata": {"name": "demo", "generation": 1},
            "spec": {"connections": {"secretName": "stores"}, "model": model or SMALL} | spec,
        },
        strict=True,
    )


@dataclass
class Version:
    """How a version behaves, and how far it is.

    Attributes:
        beyond: pictures of which it can compute no features.
    """

    name: str
    fault: PodSeen | None = None
    cosine: float = 0.9999
    errors: float = 0.0
    bucket: int = 1
    agreement: float | None = 0.9
    beyond: int = 0
    embedded: int = 0
    indexed: int = 0
    handled: int = 0
    failed: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


@dataclass
class World:
    """A cluster and services as far as the rollout sees them.

    Attributes:
        stuck_index: the version whose index analytics goes on searching, as it can open no other.
        rooms: pods of inference that find a place; None: any number.
        traffic: requests of clients in each tick.
    """

    resource: DinoDeployment
    status: DinoDeploymentStatus = field(default_factory=lambda: read_status({}))
    now: datetime = START
    library: int = 100
    speed: int = 40
    traffic: int = 0
    rooms: int | None = None
    free_gpus: int = 8
    nats: bool = True
    analytics: bool = True
    stuck_index: str | None = None
    versions: dict[str, Version] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    ran: set[str] = field(default_factory=set)
    step: Step | None = None
    events: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    serving_by: list[str] = field(default_factory=list)

    def version(self, key: str, model: Any = None) -> Version:
        """The behaviour of a version."""
        if key not in self.versions:
            self.versions[key] = Version(f"{model.name if model else key}@{key}")
        return self.versions[key]

    def look(self) -> Step:
        """One look of the operator, with what it persists carried through JSON as the API server would."""
        step = advance(self.resource, self.status, self.seen, self.now)
        status = build(self.resource, self.status, self.seen, step, self.now)
        text = json.dumps(status.model_dump(mode="json", by_alias=True, exclude_none=True))
        self.status = read_status(json.loads(text))
        assert self.status == status, "the status does not survive the API server"
        self.step = step
        self.events += [event.reason for event in step.events]
        phase = step.state.migration.phase if step.state.migration else None
        if phase and (not self.phases or self.phases[-1] != phase):
            self.phases.append(phase)
        serving = step.state.serving.key
        if not self.serving_by or self.serving_by[-1] != serving:
            self.serving_by.append(serving)
        return step

    def tick(self, seconds: float = 5.0) -> Step:
        """Let time pass, let the world follow the last step, and look."""
        if self.step is not None:
            self._follow(self.step)
        self.now += timedelta(seconds=seconds)
        return self.look()

    def until(self, wanted: Any, ticks: int = 400, seconds: float = 5.0) -> Step:
        """Tick until a condition on this world holds."""
        for _ in range(ticks):
            step = self.tick(seconds)
            if wanted(self):
                return step
        raise AssertionError(f"not reached: {self.phases}, {self.status.migration}")

    def settled(self) -> Step:
        """Tick until the wanted model serves with nothing under way."""
        return self.until(lambda world: world.idle)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and the version that serves is tested."""
        state = self.step.state if self.step else None
        if state is None or state.migration is not None or state.serving.self_test is None:
            return False
        return state.serving.key == model_key(self.resource.spec.model)

    def _follow(self, step: Step) -> None:
        if not self.nats:
            self.seen = replace(self._cluster(step), bus=BusSeen(reachable=False, error="no servers"))
            return
        cluster = self._cluster(step)
        self._work(step, cluster)
        bus = self.seen.bus
        tests, comparisons = dict(bus.self_tests), dict(bus.comparisons)
        statuses = {v.key: self._statuses(v, cluster, step) for v in step.model_versions}
        for ask in step.asks:
            version = self.version(ask.key)
            if ask.kind == "self-test" and statuses.get(ask.key):
                passed = version.cosine >= 0.99
                tests[ask.key] = SelfTestSeen(passed, version.cosine, 0.99, 50.0, version.name, at=self.now)
            if ask.kind == "compare" and statuses.get(ask.key) and self.analytics:
                version.handled += min(200, self.library)
                version.counts[version.bucket] += min(200, self.library)
                comparisons[ask.key] = ComparisonSeen(version.agreement, min(200, self.library), at=self.now)
        self.seen = replace(
            cluster,
            bus=BusSeen(
                inference={key: found for key, found in statuses.items() if found},
                self_tests=tests,
                comparisons=comparisons,
                analytics=self._analytics(step) if self.analytics else None,
            ),
        )

    def _cluster(self, step: Step) -> Seen:
        deployments: list[DeploymentSeen] = [DeploymentSeen("demo-gateway", "gateway", ready=1, updated=1, replicas=1)]
        pods: list[PodSeen] = []
        rooms = self.rooms if self.rooms is not None else 10_000
        had = {pod.name for pod in self.seen.pods if pod.node}
        wanted = [(v, index) for v in step.model_versions for index in range(self._desired(v))]
        # Whoever has a place keeps it.
        wanted.sort(key=lambda item: f"demo-inference-{item[0].key}-{item[1]}" not in had)
        for version, index in wanted:
            name = f"demo-inference-{version.key}-{index}"
            behaviour = self.version(version.key, version.model)
            placed, rooms = rooms > 0, rooms - 1
            if not placed:
                words = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
                pods.append(PodSeen(name, "inference", version.key, unschedulable=words))
            elif behaviour.fault is not None:
                pods.append(replace(behaviour.fault, name=name, key=version.key, node="node"))
            else:
                # A pod is ready at the look after the one that sees it first.
                pods.append(PodSeen(name, "inference", version.key, "Running", ready=name in had, node="node"))
        for version in step.model_versions:
            own = [pod for pod in pods if pod.key == version.key]
            ready = sum(pod.ready for pod in own)
            if ready:
                self.ran.add(version.key)
            complete = ConditionSeen("Progressing", "True", "NewReplicaSetAvailable")
            deployments.append(
                DeploymentSeen(
                    f"demo-inference-{version.key}",
                    "inference",
                    version.key,
                    version.role,
                    plain(version.model),
                    desired=self._desired(version),
                    replicas=len(own),
                    ready=ready,
                    updated=len(own),
                    conditions=(complete,) if version.key in self.ran else (),
                )
            )
        gpus = {"nvidia.com/gpu": self.free_gpus}
        return Seen(tuple(deployments), tuple(pods), apis=frozenset({"autoscaling/v2"}), free_gpus=gpus)

    def _desired(self, version: ModelVersion) -> int:
        if version.replicas is not None:
            return version.replicas
        return self.resource.spec.inference.most

    def _work(self, step: Step, cluster: Seen) -> None:
        rollout = step.rollout
        sweeping = [rollout.serving, *([rollout.candidate] if rollout.phase == "reembed" else [])]
        for key in sweeping:
            version = self.version(key or "")
            if any(pod.ready for pod in cluster.pods_of("inference", key)):
                before = version.embedded
                version.embedded = min(self.library - version.beyond, version.embedded + self.speed)
                if self.analytics:
                    version.indexed = before
        share = self.traffic * rollout.mirror_percent / 100
        for key, handled in ((rollout.serving, self.traffic), (rollout.candidate, int(share))):
            if key is None or not any(pod.ready for pod in cluster.pods_of("inference", key)):
                continue
            version = self.version(key)
            version.handled += handled
            version.failed += round(handled * version.errors)
            version.counts[version.bucket] += handled

    def _statuses(self, version: ModelVersion, cluster: Seen, step: Step) -> tuple[InferenceSeen, ...]:
        known = self.version(version.key, version.model)
        complete = known.embedded >= self.library - known.beyond
        library = LibrarySeen(
            self.library,
            known.embedded,
            failed=known.beyond if complete else 0,
            per_second=self.speed / 5,
            complete=complete,
            eta_seconds=(self.library - known.embedded) / self.speed * 5,
        )
        sweeps = version.key == step.rollout.serving or step.rollout.phase == "reembed"
        counters = Counters(known.handled, known.failed, Histogram(BOUNDS, tuple(known.counts)))
        pods = [pod for pod in cluster.pods_of("inference", version.key) if pod.ready]
        return tuple(
            InferenceSeen(
                pod.name,
                True,
                model_version=known.name,
                library=library if sweeps else None,
                direct=counters if index == 0 else Counters(),
            )
            for index, pod in enumerate(pods)
        )

    def _analytics(self, step: Step) -> AnalyticsSeen:
        def index(key: str) -> IndexSeen:
            version = self.version(key)
            return IndexSeen(key, version.name, version.indexed, version.indexed >= self.library - version.beyond)

        candidate = step.rollout.candidate if step.rollout.phase == "reembed" else None
        serving = self.stuck_index or step.rollout.serving
        return AnalyticsSeen(True, serving=index(serving), candidate=index(candidate) if candidate else None)


def running(model: dict[str, Any] | None = None, **spec: Any) -> World:
    """A world in which a first model serves."""
    world = World(made(model, **spec))
    world.settled()
    return world


def change(world: World, model: dict[str, Any], **spec: Any) -> None:
    """Write another model into the spec."""
    world.resource = made(model, **spec)
