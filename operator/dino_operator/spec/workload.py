"""What every service has: replicas or autoscaling, resources, and where its pods may run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Part, Quantity, Rule, Verbatim, part
from dino_operator.spec.env_var import EnvVar

Replicas = Annotated[int, Field(ge=0, le=1000)]

ONE_OWNER = "set either replicas or autoscaling, not both: drop replicas to let the autoscaler own them"


class ScaleTarget(Part):
    """What the autoscaler keeps level."""

    type: Literal["cpu", "gpu", "queueDepth"] = Field(
        "cpu",
        description="cpu: percent of the requested CPU; gpu: percent of GPU utilisation (DCGM exporter, through "
        "Prometheus); queueDepth: requests or jobs waiting for each replica.",
    )
    value: int = Field(70, ge=1, le=100_000, description="Percent, or number waiting for each replica.")


class Autoscaling(Part):
    """Replicas owned by an autoscaler."""

    rules = (
        Rule(
            "self.min <= self.max",
            "autoscaling.min is above autoscaling.max: lower min or raise max",
            lambda a: a.min <= a.max,
            ".min",
        ),
        Rule(
            "self.engine != 'hpa' || self.target.type == 'cpu'",
            "engine hpa scales on cpu alone: for gpu and queueDepth set engine: keda",
            lambda a: a.engine != "hpa" or a.target.type == "cpu",
            ".engine",
        ),
        Rule(
            "self.target.type == 'queueDepth' || self.target.value <= 100",
            "autoscaling.target.value is a percentage for cpu and gpu: set 1 to 100",
            lambda a: a.target.type == "queueDepth" or a.target.value <= 100,
            ".target",
        ),
        Rule(
            "self.min > 0 || self.engine == 'keda'",
            "only engine keda scales to zero: set min to 1 or more, or engine: keda",
            lambda a: a.min > 0 or a.engine == "keda",
            ".min",
        ),
        Rule(
            "self.min > 0 || self.target.type == 'queueDepth'",
            "pods that do not run have no cpu or gpu to measure: for min 0 set target.type: queueDepth",
            lambda a: a.min > 0 or a.target.type == "queueDepth",
            ".min",
        ),
    )
    min: int = Field(1, ge=0, le=1000, description="Fewest replicas.")
    max: int = Field(4, ge=1, le=1000, description="Most replicas.")
    engine: Literal["hpa", "keda", "none"] = Field(
        "hpa",
        description="hpa: HorizontalPodAutoscaler; keda: ScaledObject (KEDA must be installed); none: an autoscaler of "
        "your own owns the replicas.",
    )
    target: ScaleTarget = part(ScaleTarget, "What is kept level.")


class Toleration(Part):
    """A taint that the pods bear."""

    key: str | None = Field(None, description="Key of the taint; not set with Exists: every taint.")
    operator: Literal["Exists", "Equal"] = Field("Equal", description="Exists ignores the value.")
    value: str | None = Field(None, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect; not set: every one."
    )
    toleration_seconds: int | None = Field(None, ge=0, description="How long NoExecute is borne.")


class Resources(Part):
    """Requests and limits of the container, as in a pod."""

    requests: dict[str, Quantity] | None = Field(
        None, max_length=16, description="What is set aside. Not set: the limit, else a default of the service."
    )
    limits: dict[str, Quantity] | None = Field(
        None, max_length=16, description="What is not exceeded. Not set: no limit."
    )


class Workload(Part):
    """How many pods of a service run, with what, and where."""

    rules = (
        Rule(
            "!(has(self.replicas) && has(self.autoscaling))",
            ONE_OWNER,
            lambda w: w.replicas is None or w.autoscaling is None,
            ".replicas",
        ),
    )
    replicas: Replicas | None = Field(None, description="Number of pods. Not set, without autoscaling: 1.")
    autoscaling: Autoscaling | None = Field(None, description="An autoscaler owns the number of pods.")
    resources: Resources = part(Resources, "Requests and limits.")
    node_selector: dict[str, str] | None = Field(None, max_length=32, description="Labels that a node must have.")
    tolerations: list[Toleration] | None = Field(
        None,
        max_length=32,
        description="Taints that are borne.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    affinity: Verbatim | None = Field(None, description="Affinity, as in a pod.")
    max_concurrency: int = Field(
        256, ge=1, le=100_000, description="Requests in work at once in one pod; more are told to come again."
    )
    env: list[EnvVar] | None = Field(
        None,
        max_length=32,
        description="Variables of other programs in the pods, such as HTTPS_PROXY or OTEL_EXPORTER_OTLP_HEADERS. "
        "Settings of the platform have fields and are refused here.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )

    @property
    def most(self) -> int:
        """The largest number of pods that may run at once by this spec (a rollout's surge aside)."""
        if self.autoscaling is not None:
            return self.autoscaling.max
        return 1 if self.replicas is None else self.replicas
