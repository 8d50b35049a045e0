"""The whole resource, its name in the API, and the rules across its parts."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field

from dino_operator.spec.analytics import Analytics
from dino_operator.spec.base import Part, Rule, part
from dino_operator.spec.connections import Connections
from dino_operator.spec.gateway import Gateway
from dino_operator.spec.images import Images
from dino_operator.spec.inference import Inference
from dino_operator.spec.lifetimes import Lifetimes
from dino_operator.spec.model import Model
from dino_operator.spec.pod_template import DisruptionBudget, NetworkPolicy, PodTemplate
from dino_operator.spec.telemetry import Telemetry
from dino_operator.spec.thresholds import Thresholds
from dino_operator.spec.video import Video
from dino_operator.spec.workload import Workload

GROUP, VERSION = "dinov3.io", "v1alpha1"
KIND, PLURAL = "DinoDeployment", "dinodeployments"
API_VERSION = f"{GROUP}/{VERSION}"
# Names of children add up to 23 characters, and a label takes 63.
LONGEST_NAME = 40
NAME_PATTERN = "^[a-z]([-a-z0-9]*[a-z0-9])?$"

_SERVICES = ("inference", "gateway", "video", "analytics")
_NEEDS_INDEX = (
    "several analytics pods need a Qdrant server: set connections.vectorIndex, or analytics.replicas to 1 "
    "(the index in files belongs to one pod)"
)
_NEEDS_PROMETHEUS = "scaling on gpu reads Prometheus: set telemetry.prometheusUrl, or autoscaling.target.type: cpu"
_NEEDS_METER = (
    "scaling on queueDepth needs connections.nats.monitoringEndpoint (job queue) or telemetry.prometheusUrl: set "
    "one, or autoscaling.target.type: cpu"
)
_JOBS_ONLY_ON_NATS = (
    "only inference has a queue depth in Prometheus: for gateway, video and analytics set target.type: cpu, or for "
    "video and analytics connections.nats.monitoringEndpoint"
)


def _target(workload: Workload) -> str | None:
    scaling = workload.autoscaling
    return scaling.target.type if scaling is not None and scaling.engine == "keda" else None


def _workloads(spec: DinoDeploymentSpec) -> tuple[Workload, ...]:
    return spec.inference, spec.gateway, spec.video, spec.analytics


def _has_nats_meter(spec: DinoDeploymentSpec) -> bool:
    return spec.connections.nats is not None and spec.connections.nats.monitoring_endpoint is not None


def _cel_keda(service: str, kind: str) -> str:
    scaling = f"self.{service}.autoscaling"
    return f"(has({scaling}) && {scaling}.engine == 'keda' && {scaling}.target.type == '{kind}')"


_CEL_NATS = "(has(self.connections.nats) && has(self.connections.nats.monitoringEndpoint))"
_CEL_PROMETHEUS = "(has(self.telemetry) && has(self.telemetry.prometheusUrl))"
_ONLY_INFERENCE_GPU = "only inference pods have a GPU: scale gateway, video and analytics on cpu or queueDepth"


class DinoDeploymentSpec(Part):
    """One platform. Everything but the connections is optional."""

    rules = (
        Rule(
            "has(self.connections.vectorIndex) || (has(self.analytics.autoscaling) ? self.analytics.autoscaling.max : "
            "(has(self.analytics.replicas) ? self.analytics.replicas : 1)) <= 1",
            _NEEDS_INDEX,
            lambda s: s.connections.vector_index is not None or s.analytics.most <= 1,
            ".connections",
        ),
        Rule(
            f"!({_cel_keda('inference', 'gpu')}) || {_CEL_PROMETHEUS}",
            _NEEDS_PROMETHEUS,
            lambda s: _target(s.inference) != "gpu" or s.telemetry.prometheus_url is not None,
            ".telemetry",
        ),
        Rule(
            f"!({_cel_keda('inference', 'queueDepth')}) || {_CEL_NATS} || {_CEL_PROMETHEUS}",
            _NEEDS_METER,
            lambda s: (
                _target(s.inference) != "queueDepth" or _has_nats_meter(s) or s.telemetry.prometheus_url is not None
            ),
            ".connections",
        ),
        Rule(
            f"!{_cel_keda('gateway', 'queueDepth')} && (!("
            + " || ".join(_cel_keda(name, "queueDepth") for name in ("video", "analytics"))
            + f") || {_CEL_NATS})",
            _JOBS_ONLY_ON_NATS,
            lambda s: (
                _target(s.gateway) != "queueDepth"
                and ("queueDepth" not in (_target(s.video), _target(s.analytics)) or _has_nats_meter(s))
            ),
            ".connections",
        ),
        Rule(
            " && ".join(f"!{_cel_keda(name, 'gpu')}" for name in _SERVICES[1:]),
            _ONLY_INFERENCE_GPU,
            lambda s: all(_target(w) != "gpu" for w in _workloads(s)[1:]),
            ".inference",
        ),
    )
    model: Model = part(Model, "The visual model. Changing it is a migration.")
    inference: Inference = part(Inference, "The service that runs the model.")
    gateway: Gateway = part(Gateway, "The service that answers HTTP.")
    video: Video = part(Video, "The service that decodes films.")
    analytics: Analytics = part(Analytics, "The service that judges and searches.")
    thresholds: Thresholds = part(Thresholds, "Cut-offs in force; a change restarts nothing.")
    face_detector: Literal["auto", "off"] = Field(
        "auto", description="auto: find faces, bodies and hands with what the images have; off: do not look."
    )
    lifetimes: Lifetimes = part(Lifetimes, "How long what was computed is kept.")
    connections: Connections = Field(description="Where the data is.")
    telemetry: Telemetry = part(Telemetry, "Traces, metrics and logs.")
    images: Images = part(Images, "Container images.")
    pod_template: PodTemplate = part(PodTemplate, "Added to the pods of every service.")
    network_policy: NetworkPolicy = part(NetworkPolicy, "What may connect to the pods.")
    disruption_budget: DisruptionBudget = part(DisruptionBudget, "How many pods a node drain may take at once.")
    paused: bool = Field(
        False, description="Hold every rollout: no running pod is replaced; scaling and thresholds still work."
    )


class Metadata(Part):
    """What of an object's metadata is read."""

    name: str
    namespace: str = Field("default", pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)
    uid: str | None = None
    generation: int | None = None


class DinoDeployment(Part):
    """A platform for visual intelligence: gateway, inference, video and analytics on DINOv3."""

    rules = (
        Rule(
            f"self.metadata.name.size() <= {LONGEST_NAME} && self.metadata.name.matches('{NAME_PATTERN}')",
            f"the name becomes part of Service names and of the bus prefix: use at most {LONGEST_NAME} lower-case "
            "letters, digits and hyphens, beginning with a letter",
            lambda d: len(d.metadata.name) <= LONGEST_NAME and re.match(NAME_PATTERN, d.metadata.name) is not None,
        ),
    )
    api_version: str
    kind: str
    metadata: Metadata
    spec: DinoDeploymentSpec = Field(description="What is wanted.")
    status: dict[str, Any] = Field(default_factory=dict)
