"""Live objects as the pure parts see them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast, get_args

from dino_operator.kube.client import Object
from dino_operator.kube.kinds import DEPLOYMENTS, Kind
from dino_operator.observe import (
    ConditionSeen,
    ContainerSeen,
    DeploymentSeen,
    PodSeen,
    ScalerSeen,
    Service,
)
from dino_operator.render.context import MODEL_LABEL, MODEL_SPEC, ROLE_LABEL

_COMPONENT = "app.kubernetes.io/component"
_SERVICES = frozenset(get_args(Service))
_SCALERS = frozenset({"HorizontalPodAutoscaler", "ScaledObject"})


def deployments_seen(children: Iterable[tuple[Kind, Object]]) -> tuple[DeploymentSeen, ...]:
    """Return the Deployments among live children, by name."""
    found = [_deployment(item) for kind, item in children if kind.kind == DEPLOYMENTS.kind and _service(item)]
    return tuple(sorted(found, key=lambda seen: seen.name))


def scalers_seen(children: Iterable[tuple[Kind, Object]]) -> tuple[ScalerSeen, ...]:
    """Return the autoscalers among live children, by name."""
    found = [_scaler(item) for kind, item in children if kind.kind in _SCALERS and _service(item)]
    return tuple(sorted(found, key=lambda seen: (seen.kind, seen.name)))


def pods_seen(pods: Iterable[Object]) -> tuple[PodSeen, ...]:
    """Return the pods, by name."""
    return tuple(sorted((_pod(item) for item in pods if _service(item)), key=lambda seen: seen.name))


def _labels(item: Object) -> Mapping[str, str]:
    return item["metadata"].get("labels") or {}


def _service(item: Object) -> Service | None:
    found = _labels(item).get(_COMPONENT)
    return cast(Service, found) if found in _SERVICES else None


def _conditions(status: Mapping[str, Any]) -> tuple[ConditionSeen, ...]:
    return tuple(
        ConditionSeen(item["type"], item["status"], item.get("reason") or "", item.get("message") or "")
        for item in status.get("conditions") or []
    )


def _deployment(item: Object) -> DeploymentSeen:
    metadata, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    service = _service(item)
    assert service is not None
    return DeploymentSeen(
        name=metadata["name"],
        service=service,
        key=_labels(item).get(MODEL_LABEL),
        role=_labels(item).get(ROLE_LABEL),
        model=_model((metadata.get("annotations") or {}).get(MODEL_SPEC)),
        desired=spec.get("replicas", 1),
        replicas=status.get("replicas", 0),
        ready=status.get("readyReplicas", 0),
        updated=status.get("updatedReplicas", 0),
        current=status.get("observedGeneration", 0) >= metadata.get("generation", 0),
        conditions=_conditions(status),
    )


def _model(text: str | None) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _scaler(item: Object) -> ScalerSeen:
    status, service = item.get("status") or {}, _service(item)
    assert service is not None
    return ScalerSeen(
        item["kind"], item["metadata"]["name"], service, status.get("desiredReplicas"), _conditions(status)
    )


def _pod(item: Object) -> PodSeen:
    metadata, status, service = item["metadata"], item.get("status") or {}, _service(item)
    assert service is not None
    conditions = {seen.type: seen for seen in _conditions(status)}
    scheduled, ready = conditions.get("PodScheduled"), conditions.get("Ready")
    return PodSeen(
        name=metadata["name"],
        service=service,
        key=_labels(item).get(MODEL_LABEL),
        phase=status.get("phase") or "Pending",
        ready=ready is not None and ready.status == "True",
        deleting=metadata.get("deletionTimestamp") is not None,
        node=item["spec"].get("nodeName"),
        unschedulable=(scheduled.message or scheduled.reason)
        if scheduled is not None and scheduled.status == "False"
        else None,
        reason=status.get("reason"),
        message=status.get("message"),
        containers=(
            *(_container(found, init=True) for found in status.get("initContainerStatuses") or []),
            *(_container(found, init=False) for found in status.get("containerStatuses") or []),
        ),
    )


def _container(found: Mapping[str, Any], *, init: bool) -> ContainerSeen:
    state, last = found.get("state") or {}, found.get("lastState") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or last.get("terminated") or {}
    return ContainerSeen(
        name=found["name"],
        init=init,
        ready=bool(found.get("ready")),
        restarts=found.get("restartCount", 0),
        waiting_reason=waiting.get("reason"),
        waiting_message=waiting.get("message"),
        exit_code=ended.get("exitCode"),
        ended_reason=ended.get("reason"),
        ended_message=ended.get("message"),
    )
