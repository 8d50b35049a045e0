"""PodDisruptionBudgets and NetworkPolicies."""

from __future__ import annotations

from typing import Any

from dino_operator.render.context import ADMIN_PORT, API_PORT, SERVICES, Context, Manifest
from dino_operator.render.facts import POLICY
from dino_operator.spec.base import count_or_percent


def disruption_budgets(context: Context) -> list[Manifest]:
    """Return a budget for each service."""
    version, budget = context.facts.newest(POLICY), context.spec.disruption_budget
    if not budget.enabled or version is None:
        return []
    return [
        context.manifest(
            version,
            "PodDisruptionBudget",
            context.object_name(service),
            service,
            spec={
                "maxUnavailable": count_or_percent(budget.max_unavailable),
                "selector": {"matchLabels": context.selector(service)},
            },
        )
        for service in SERVICES
    ]


def network_policies(context: Context) -> list[Manifest]:
    """Return a policy for each service: requests come in at the gateway alone, the rest goes over the bus."""
    policy = context.spec.network_policy
    if not policy.enabled:
        return []
    found: list[Manifest] = []
    for service in SERVICES:
        port, peers = (API_PORT, policy.gateway_from) if service == "gateway" else (ADMIN_PORT, policy.metrics_from)
        rule: dict[str, Any] = {"ports": [{"port": port, "protocol": "TCP"}]}
        if peers is not None:
            rule["from"] = peers
        spec = {
            "podSelector": {"matchLabels": context.selector(service)},
            "policyTypes": ["Ingress"],
            "ingress": [rule],
        }
        name = context.object_name(service)
        found.append(context.manifest("networking.k8s.io/v1", "NetworkPolicy", name, service, spec=spec))
    return found
