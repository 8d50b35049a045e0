"""The full set of objects, in an order in which they can be applied."""

from __future__ import annotations

import json
from typing import Any

from dino_operator.render.access import access
from dino_operator.render.autoscaling import autoscalers
from dino_operator.render.context import SERVICES, Context
from dino_operator.render.deployments import deployments
from dino_operator.render.environment import config_map
from dino_operator.render.facts import Facts
from dino_operator.render.monitoring import service_monitors
from dino_operator.render.policies import disruption_budgets, network_policies
from dino_operator.render.services import routes, services
from dino_operator.render.storage import claims
from dino_operator.spec.deployment import DinoDeployment


def render(resource: DinoDeployment, facts: Facts) -> list[dict[str, Any]]:
    """Return every object that the resource wants, and no other.

    The answer depends on the arguments alone. What is not in it and was applied before is to be pruned.
    Owner references and the field manager belong to the step that applies.

    Args:
        resource: as read by `read_resource`.
        facts: one observation of the cluster.

    Raises:
        ValueError: the facts' model versions contradict each other.
    """
    context = Context(resource, facts)
    found = [
        *access(context),
        *(config_map(context, service) for service in SERVICES),
        *claims(context),
        *services(context),
        *network_policies(context),
        *disruption_budgets(context),
        *deployments(context),
        *autoscalers(context),
        *routes(context),
        *service_monitors(context),
    ]
    # Plain data without shared parts: callers may add to an object without touching another one or the resource.
    return json.loads(json.dumps(found))
