"""The DinoDeployment resource: what a platform engineer writes, field by field."""

from dino_operator.spec.deployment import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    VERSION,
    DinoDeployment,
    DinoDeploymentSpec,
)
from dino_operator.spec.reading import Fault, InvalidResource, read_resource

__all__ = [
    "API_VERSION",
    "GROUP",
    "KIND",
    "PLURAL",
    "VERSION",
    "DinoDeployment",
    "DinoDeploymentSpec",
    "Fault",
    "InvalidResource",
    "read_resource",
]
