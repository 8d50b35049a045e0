"""``spec.images``: which container images run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dino_common import __version__
from dino_operator.spec.base import Name, Part

Reference = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\s]+$")]


class Images(Part):
    """Images of the services: <repository>/<service>:<tag>, unless a service names its own."""

    repository: Reference = Field("dinov3-platform", description="Registry and path before /<service>.")
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")] | None = Field(
        None, description="Tag of every image. Not set: the operator's own version."
    )
    gateway: Reference | None = Field(None, description="Whole reference of the gateway's image.")
    inference: Reference | None = Field(None, description="Whole reference of the inference image.")
    video: Reference | None = Field(None, description="Whole reference of the video image.")
    analytics: Reference | None = Field(None, description="Whole reference of the analytics image.")
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field("IfNotPresent", description="When to pull.")
    pull_secrets: list[Name] | None = Field(
        None,
        max_length=8,
        description="Secrets of type kubernetes.io/dockerconfigjson.",
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )

    def of(self, service: str) -> str:
        """Return the image of a service."""
        own: str | None = getattr(self, service)
        return own or f"{self.repository}/{service}:{self.tag or __version__}"
