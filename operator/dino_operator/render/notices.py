"""What is asked for and cannot be had in this cluster, in words for the status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dino_operator.render.autoscaling import owns_replicas
from dino_operator.render.context import SERVICES, Context
from dino_operator.render.deployments import inference_strategy
from dino_operator.render.facts import GATEWAY_API, HTTP_ROUTE, POLICY, Facts
from dino_operator.spec.deployment import DinoDeployment

Aspect = Literal["Autoscaling", "Exposure", "DisruptionBudget", "Rollout"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that is off.

    Attributes:
        aspect: what it is about.
        reason: in one CamelCase word.
        message: what is off, what happens instead, and the fix.
    """

    aspect: Aspect
    reason: str
    message: str


def notices(resource: DinoDeployment, facts: Facts) -> list[Notice]:
    """Return what the rendering leaves out or does otherwise for want of something in the cluster."""
    context, found = Context(resource, facts), list[Notice]()
    for service in SERVICES:
        scaling = context.workload(service).autoscaling
        if scaling is None or owns_replicas(context, service):
            continue
        reason, lacks, fix = (
            ("KedaMissing", "KEDA is not installed", "Install KEDA, or set engine: hpa with target.type: cpu")
            if scaling.engine == "keda"
            else (
                "AutoscalingApiMissing",
                "the API server serves neither autoscaling/v2 nor v2beta2",
                "Upgrade the cluster, or set replicas",
            )
        )
        pods = max(1, scaling.min)
        found.append(Notice("Autoscaling", reason, f"{service}: {lacks}; {pods} pods run and stay. {fix}."))
    gateway = context.spec.gateway
    if gateway.route is not None and (HTTP_ROUTE not in facts.crds or facts.newest(GATEWAY_API) is None):
        message = "gateway.route is not made: the Gateway API is missing. Install its CRDs, or use gateway.ingress."
        found.append(Notice("Exposure", "GatewayApiMissing", message))
    if context.spec.disruption_budget.enabled and facts.newest(POLICY) is None:
        message = "No PodDisruptionBudget is made: the API server serves neither policy/v1 nor v1beta1."
        found.append(Notice("DisruptionBudget", "PolicyApiMissing", message))
    resource_name = context.spec.inference.gpu_resource
    strategy = inference_strategy(context)["rollingUpdate"]
    if context.spec.inference.rollout.strategy == "auto" and strategy["maxSurge"] == 0:
        message = (
            f"No spare {resource_name}: a rollout replaces pods one by one, the old one first. Add a GPU for rollouts "
            "without a gap."
        )
        found.append(Notice("Rollout", "NoSpareGpu", message))
    return found
