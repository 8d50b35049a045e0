"""``status``: what the operator reports. Only its shape; the operator fills it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Part, Verbatim

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Condition(Part):
    """One aspect in the standard form of Kubernetes."""

    type: str = Field(
        min_length=1,
        max_length=316,
        description="Ready, Progressing, Degraded, ModelReady, Migrated, StoresReachable or Autoscaling.",
    )
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(min_length=1, max_length=1024, description="Why, in one CamelCase word.")
    message: str = Field(max_length=32_768, description="Why, for people, with what to do.")
    last_transition_time: Moment = Field(description="When the status last changed.")
    observed_generation: int | None = Field(None, ge=0, description="Generation of the spec that was looked at.")


class ModelStatus(Part):
    """Which model answers."""

    version: str | None = Field(None, description="Model version that serves, as features carry it.")
    previous: str | None = Field(None, description="Version kept for a return.")
    previous_until: Moment | None = Field(None, description="When that one is removed.")
    retired: list[str] | None = Field(
        None,
        max_length=20,
        description="Versions that are gone for good: their features and indexes are removed.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )


class SelfTestStatus(Part):
    """What the golden picture showed."""

    passed: bool = Field(description="Whether the features are those of the model card.")
    cosine: float | None = Field(None, description="Cosine with the card's features.")
    bound: float | None = Field(None, description="Least cosine that passes.")
    images_per_second: float | None = Field(None, ge=0, description="Pictures a second of one pod, in full batches.")
    time: Moment = Field(description="When.")


class VersionStatus(Part):
    """A model version in the rollout; with these the operator goes on after a restart."""

    key: str = Field(min_length=8, max_length=8, description="Names its Deployment, pods and bus subjects.")
    role: Literal["serving", "candidate", "previous"] = Field(
        description="serving answers clients; candidate is on its way; previous is kept for a return."
    )
    model_version: str | None = Field(None, description="Name that features carry; known once a pod has loaded it.")
    weight: int = Field(0, ge=0, le=100, description="Share of the serving version's load that a candidate repeats.")
    since: Moment = Field(description="When it took its role, or its spec last changed.")
    until: Moment | None = Field(None, description="When a previous version is removed.")
    answered: bool = Field(False, description="It has passed its self-test at least once.")
    self_test: SelfTestStatus | None = Field(None, description="The latest self-test.")
    model: Verbatim = Field(description="The spec.model that it runs.")


class MeterStatus(Part):
    """Counters of one pod when a canary step began; what came since is the difference."""

    instance: str = Field(description="Pod.")
    key: str = Field(description="Model version of the pod.")
    handled: int = Field(0, ge=0, description="Requests.")
    failed: int = Field(0, ge=0, description="Those that failed by the pod's fault.")
    seconds: list[int] = Field(
        default_factory=list,
        max_length=64,
        description="Computed requests by bucket of seconds.",
        json_schema_extra={"x-kubernetes-list-type": "atomic", "default": []},
    )


class RefusedTarget(Part):
    """A target that was sent back; it is not tried again until spec.model changes."""

    key: str = Field(description="Key of the model version.")
    target: str = Field(description="Its name.")
    reason: str = Field(description="Why, in one CamelCase word.")
    message: str = Field(max_length=32_768, description="Why, for people, with what to do.")
    time: Moment = Field(description="When.")
    model: Verbatim = Field(description="The spec.model that was tried.")


class MigrationStatus(Part):
    """How far a change of the model is."""

    phase: str | None = Field(None, description="Starting, SelfTest, Canary, ReEmbedding, CutOver or RolledBack.")
    key: str | None = Field(None, description="Key of the version that it leads to.")
    target: str | None = Field(None, description="Version that it leads to.")
    mode: Literal["surge", "giveUpOne", "replace"] | None = Field(
        None,
        description="surge: new pods beside the old ones; giveUpOne: an old pod makes room, for want of a spare GPU; "
        "replace: the only old pod makes room.",
    )
    pods: int | None = Field(None, ge=0, description="Pods that the versions share in mode giveUpOne.")
    since: Moment | None = Field(None, description="When the phase began.")
    deadline: Moment | None = Field(
        None, description="When it is given up if the new version does not answer; not set while trouble excuses it."
    )
    step: int | None = Field(None, ge=0, description="Canary step, from 0.")
    step_since: Moment | None = Field(None, description="When that step began.")
    percent: float | None = Field(None, ge=0, le=100, description="Share of the library that is re-embedded.")
    eta: Moment | None = Field(None, description="When it is done at the present pace.")
    embedded_at: Moment | None = Field(None, description="When inference had embedded all of the library.")
    error_rate: float | None = Field(None, ge=0, le=100, description="Failed requests of the canary, percent.")
    latency_ratio: float | None = Field(
        None, ge=0, description="95th percentile of the canary's computing as a multiple of the serving version's."
    )
    measured: int | None = Field(None, ge=0, description="Requests of the canary that the checks rest on.")
    neighbour_agreement: float | None = Field(
        None, ge=0, le=1, description="Share of nearest neighbours that both versions agree on, on a sample."
    )
    waiting: str | None = Field(None, max_length=32_768, description="What it waits for, where that is trouble.")
    summary: str | None = Field(None, description="In a few words, such as ReEmbedding 42 %.")
    baseline: list[MeterStatus] | None = Field(
        None,
        max_length=64,
        description="Counters at the beginning of the canary step.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    failed: RefusedTarget | None = Field(None, description="The target that was sent back last.")


class InferenceStatus(Part):
    """Pods of the model service; the scale subresource reads these."""

    replicas: int = Field(0, ge=0, description="Pods there are.")
    ready_replicas: int = Field(0, ge=0, description="Pods that answer.")
    selector: str | None = Field(None, description="Label selector of the pods, as text.")
    summary: str | None = Field(None, description="Ready and wanted, such as 2/3.")


class ScalingEvent(Part):
    """A change of the number of pods."""

    time: Moment = Field(description="When.")
    service: str = Field(description="Which service.")
    before: int = Field(ge=0, description="Pods before.")
    after: int = Field(ge=0, description="Pods after.")
    reason: str | None = Field(None, description="Who or what asked for it.")


class DinoDeploymentStatus(Part):
    """What is the case, as the operator last saw it."""

    observed_generation: int | None = Field(None, ge=0, description="Generation of the spec that was last acted on.")
    conditions: list[Condition] | None = Field(
        None,
        max_length=32,
        description="What holds and what does not.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    model: ModelStatus | None = Field(None, description="Which model answers.")
    migration: MigrationStatus | None = Field(None, description="How far a change of the model is.")
    versions: list[VersionStatus] | None = Field(
        None,
        max_length=8,
        description="Model versions in the rollout.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"]},
    )
    inference: InferenceStatus | None = Field(None, description="Pods of the model service.")
    images_per_second: float | None = Field(
        None, ge=0, description="Pictures a second of one pod, measured by the self-test."
    )
    scaling_history: list[ScalingEvent] | None = Field(
        None,
        max_length=50,
        description="Latest changes of the number of pods, newest last.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
