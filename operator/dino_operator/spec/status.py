"""``status``: what the operator reports. Only its shape; the operator fills it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Part

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


class MigrationStatus(Part):
    """How far a change of the model is."""

    phase: str | None = Field(None, description="Where it is, such as SelfTest, Canary, ReEmbedding or CutOver.")
    target: str | None = Field(None, description="Version that it leads to.")
    percent: float | None = Field(None, ge=0, le=100, description="Share of the library that is re-embedded.")
    eta: Moment | None = Field(None, description="When it is done at the present pace.")
    neighbour_agreement: float | None = Field(
        None, ge=0, le=1, description="Share of nearest neighbours that both versions agree on, on a sample."
    )
    summary: str | None = Field(None, description="In a few words, such as ReEmbedding 42 %.")


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
