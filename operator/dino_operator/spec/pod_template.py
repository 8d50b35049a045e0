"""What holds for the pods of every service: template, network policy, disruption budget."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dino_operator.spec.base import CountOrPercent, Name, Part, Verbatim


class PodTemplate(Part):
    """Added to the pods of every service."""

    labels: dict[str, str] | None = Field(None, max_length=64, description="Labels. The operator's own win.")
    annotations: dict[str, str] | None = Field(None, max_length=64, description="Annotations. The operator's own win.")
    security_context: Verbatim | None = Field(
        None, description="Merged over the pods' security context (user 10001, no root, seccomp RuntimeDefault)."
    )
    container_security_context: Verbatim | None = Field(
        None, description="Merged over the containers' (read-only root file system, no capabilities)."
    )
    service_account_annotations: dict[str, str] | None = Field(
        None, max_length=32, description="Annotations of the service accounts, such as a cloud role."
    )
    priority_class_name: Name | None = Field(None, description="PriorityClass of the pods.")
    drain_seconds: int = Field(
        25, ge=0, le=600, description="How long a stopping pod may finish the requests it holds, seconds."
    )


class NetworkPolicy(Part):
    """What may connect to the pods. What they connect to is left open: the stores lie anywhere."""

    enabled: bool = Field(True, description="Make NetworkPolicies.")
    gateway_from: list[Verbatim] | None = Field(
        None,
        max_length=32,
        description="Peers that may call the gateway, as in a NetworkPolicy. Not set: everybody.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    metrics_from: list[Verbatim] | None = Field(
        None,
        max_length=32,
        description="Peers that may read the admin ports (Prometheus). Not set: everybody.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )


class DisruptionBudget(Part):
    """How many pods of a service a node drain may take at once."""

    enabled: bool = Field(True, description="Make PodDisruptionBudgets.")
    max_unavailable: Annotated[CountOrPercent, Field(description="Pods or a percentage.")] = Field(
        "1", description="Most pods of a service away at once: a number or a percentage."
    )
