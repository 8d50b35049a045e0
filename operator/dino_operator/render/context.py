"""What every part of the rendering gets: the resource, the facts, and how objects are named and labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dino_common import __version__
from dino_operator.render.facts import Facts, ModelVersion
from dino_operator.spec.deployment import DinoDeployment, DinoDeploymentSpec
from dino_operator.spec.workload import Workload

Manifest = dict[str, Any]
Service = Literal["gateway", "inference", "video", "analytics"]
SERVICES: tuple[Service, ...] = ("gateway", "inference", "video", "analytics")

MODEL_LABEL = "dinov3.io/model"
ROLE_LABEL = "dinov3.io/role"
# The whole spec.model that a Deployment was made from, as JSON: with it a lost status is made anew.
MODEL_SPEC = "dinov3.io/model-spec"
METRICS_LABEL = "dinov3.io/metrics"
CHECKSUM = "dinov3.io/config-checksum"
ADMIN_PORT = 9090
API_PORT = 3012
USER = 10001


@dataclass(frozen=True, slots=True)
class Context:
    """One rendering."""

    resource: DinoDeployment
    facts: Facts

    @property
    def spec(self) -> DinoDeploymentSpec:
        """The spec."""
        return self.resource.spec

    @property
    def name(self) -> str:
        """Name of the deployment, with which every object's name begins."""
        return self.resource.metadata.name

    @property
    def namespace(self) -> str:
        """Namespace of every object."""
        return self.resource.metadata.namespace

    @property
    def versions(self) -> tuple[ModelVersion, ...]:
        """Model versions in the rollout."""
        return self.facts.versions_of(self.spec.model)

    @property
    def serving(self) -> ModelVersion:
        """The one that answers clients."""
        return next(version for version in self.versions if version.role == "serving")

    @property
    def index_in_files(self) -> bool:
        """Whether analytics holds the vector index itself."""
        return self.spec.connections.vector_index is None

    def workload(self, service: Service) -> Workload:
        """The part of the spec that is about a service."""
        return getattr(self.spec, service)

    def object_name(self, part: str) -> str:
        """Name of a child."""
        return f"{self.name}-{part}"

    def inference_name(self, version: ModelVersion) -> str:
        """Name of a model version's Deployment."""
        return self.object_name(f"inference-{version.key}")

    def selector(self, service: Service) -> dict[str, str]:
        """Labels that pick a service's pods; they never change."""
        return {
            "app.kubernetes.io/name": "dinov3-platform",
            "app.kubernetes.io/instance": self.name,
            "app.kubernetes.io/component": service,
        }

    def labels(self, service: Service | None = None) -> dict[str, str]:
        """Labels of an object."""
        own = self.selector(service or "gateway")
        if service is None:
            del own["app.kubernetes.io/component"]
        return own | {
            "app.kubernetes.io/part-of": "dinov3-platform",
            "app.kubernetes.io/managed-by": "dino-operator",
            "app.kubernetes.io/version": __version__,
        }

    def manifest(
        self,
        api_version: str,
        kind: str,
        name: str,
        service: Service | None = None,
        *,
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
        **content: Any,
    ) -> Manifest:
        """Return an object with its metadata filled in. Owner references are added where it is applied."""
        metadata: Manifest = {
            "name": name,
            "namespace": self.namespace,
            "labels": (labels or {}) | self.labels(service),
        }
        if annotations:
            metadata["annotations"] = dict(annotations)
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata} | content


def plain(part: Any) -> Any:
    """Return a part of the spec as the API's own object, without what is not set."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)
