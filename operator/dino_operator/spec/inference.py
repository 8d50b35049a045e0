"""``spec.inference``: the pods that run the model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_operator.spec.base import Duration, Name, Part, part
from dino_operator.spec.workload import Workload


class Gpu(Part):
    """The accelerator of one pod."""

    resource: Annotated[str, Field(max_length=253, pattern=r"^(none|[a-z0-9.-]+/[A-Za-z0-9._-]+)$")] = Field(
        "nvidia.com/gpu",
        description="Resource that the device plug-in offers: nvidia.com/gpu, a MIG profile such as "
        "nvidia.com/mig-1g.10gb, or none.",
    )
    count: int = Field(1, ge=1, le=16, description="How many for each pod. The service uses one model on one device.")


class CanaryStep(Part):
    """A share of the load for the new version, and how long it is watched."""

    weight: int = Field(ge=1, le=100, description="Percent.")
    pause: Duration = Field("2m", description="How long the step lasts at least.")


class CanaryChecks(Part):
    """What sends a new version back."""

    max_error_rate: float = Field(1.0, ge=0, le=100, description="Most failed requests, percent.")
    max_latency_ratio: float = Field(
        1.5, ge=1, le=100, description="Most the 95th percentile may be, as a multiple of the old version's."
    )
    min_neighbour_agreement: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Least share of nearest neighbours that both versions agree on, on a sample. 0: reported only.",
    )


def _default_steps() -> list[CanaryStep]:
    return [CanaryStep(weight=weight, pause="2m") for weight in (10, 50)]


class Canary(Part):
    """How a new model version gets its load."""

    steps: list[CanaryStep] = Field(
        default_factory=_default_steps,
        max_length=20,
        description="Shares, in rising order.",
        json_schema_extra={
            "x-kubernetes-list-type": "atomic",
            "default": [{"weight": 10, "pause": "2m"}, {"weight": 50, "pause": "2m"}],
        },
    )
    checks: CanaryChecks = part(CanaryChecks, "What sends it back.")
    pause: bool = Field(False, description="Stay at the step that is reached until this is false.")


class Rollout(Part):
    """How pods are replaced."""

    strategy: Literal["auto", "surge", "replace"] = Field(
        "auto",
        description="surge: the new pod first, then the old one goes; replace: the old one first, for want of a spare "
        "GPU; auto: surge when the cluster has a spare one.",
    )
    canary: Canary = part(Canary, "How a new model version gets its load.")


class Inference(Workload):
    """The model service."""

    rules = Workload.rules
    batch_size: int = Field(32, ge=1, le=1024, description="Most pictures in a forward pass.")
    max_batch_delay: Annotated[str, Field(pattern=r"^(([0-9]{1,3}|1000)ms|[01]s)$")] = Field(
        "5ms", description="Longest wait for a batch to fill, 0ms to 1s."
    )
    queue_limit: int = Field(256, ge=1, le=100_000, description="Pictures waiting beyond which requests are refused.")
    decode_threads: int = Field(
        0, ge=0, le=256, description="Threads that decode pictures. 0: as many as the node has cores."
    )
    extract_on_upload: bool = Field(True, description="Extract features as soon as a picture is uploaded.")
    image_text_model: Annotated[str, Field(max_length=500, pattern=r"^(off|/[A-Za-z0-9/._-]+)$")] | None = Field(
        None,
        description="Directory of a CLIP or SigLIP model in the pods' image, for semantic-search; off: words alone. "
        "Not set: the built-in ConSE.",
    )
    gpu: Gpu | None = Field(None, description="The accelerator of each pod. Not set: CPU.")
    runtime_class: Name | None = Field(None, description="RuntimeClass of the pods, such as nvidia.")
    rollout: Rollout = part(Rollout, "How pods and model versions are replaced.")

    @property
    def gpu_resource(self) -> str | None:
        """The GPU resource that a pod asks for; None on a CPU."""
        return None if self.gpu is None or self.gpu.resource == "none" else self.gpu.resource
