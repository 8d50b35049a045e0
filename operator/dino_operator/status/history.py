"""Changes of the number of pods, with who asked for them."""

from __future__ import annotations

from dino_operator.render.autoscaling import owns_replicas
from dino_operator.render.context import SERVICES, Context, Service
from dino_operator.rollout.clock import moment
from dino_operator.spec.status import ScalingEvent
from dino_operator.status.sight import Sight

_MOST = 50


def scaling_history(sight: Sight) -> list[ScalingEvent] | None:
    """Return the history with what has changed since its last entries."""
    history = list(sight.previous.scaling_history or [])
    for service in SERVICES:
        found = [d.desired for d in sight.seen.deployments if d.service == service]
        if not found:
            continue
        after = sum(found)
        last = next((entry for entry in reversed(history) if entry.service == service), None)
        before = last.after if last else 0
        if after != before:
            history.append(
                ScalingEvent(
                    time=moment(sight.now),
                    service=service,
                    before=before,
                    after=after,
                    reason=_reason(sight, service, last is None),
                )
            )
    return _bounded(history) or None


def _reason(sight: Sight, service: Service, first: bool) -> str:
    if first:
        return "spec"
    if service == "inference" and (_migrates(sight) or len(_keys(sight)) != len(sight.previous.versions or [])):
        return "migration"
    if owns_replicas(Context(sight.resource, sight.facts), service):
        return "autoscaler"
    if service == "inference" and sight.seen.scale_actor is not None:
        return f"scale subresource, by {sight.seen.scale_actor}"
    return "spec"


def _migrates(sight: Sight) -> bool:
    """Tell whether a migration sets numbers of pods, or has only just stopped doing so."""
    return any(v.role != "serving" for v in (*sight.state.versions, *(sight.previous.versions or [])))


def _keys(sight: Sight) -> set[str]:
    return {version.key for version in sight.state.versions}


def _bounded(history: list[ScalingEvent]) -> list[ScalingEvent]:
    """Drop the oldest, but never the last entry of a service: the next change is told from it."""
    while len(history) > _MOST:
        latest = {entry.service: index for index, entry in enumerate(history)}
        oldest = next(index for index, entry in enumerate(history) if latest[entry.service] != index)
        del history[oldest]
    return history
