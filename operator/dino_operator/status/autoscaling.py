"""Whether the autoscalers that are asked for work."""

from __future__ import annotations

from dino_operator.observe import ScalerSeen
from dino_operator.render.context import SERVICES
from dino_operator.render.notices import notices
from dino_operator.spec.workload import Autoscaling
from dino_operator.status.reasons import Reason
from dino_operator.status.sight import Sight, Verdict

_NEEDED = {"HorizontalPodAutoscaler": ("AbleToScale", "ScalingActive"), "ScaledObject": ("Ready",)}


def autoscaling(sight: Sight) -> Verdict:
    """Return whether every autoscaler does its work; False without trouble where none is asked for."""
    wanted = {
        service: scaling
        for service in SERVICES
        if (scaling := getattr(sight.resource.spec, service).autoscaling) is not None
    }
    if not wanted:
        return Verdict("False", Reason.NOT_CONFIGURED, "No service has autoscaling: replicas are as the spec says.")
    lacking = [n for n in notices(sight.resource, sight.facts) if n.aspect == "Autoscaling"]
    if lacking:
        return Verdict("False", lacking[0].reason, " ".join(n.message for n in lacking))
    if all(scaling.engine == "none" for scaling in wanted.values()):
        words = f"The number of pods is left to an autoscaler of the site's own: {', '.join(wanted)}."
        return Verdict("True", Reason.OWNED_ELSEWHERE, words)
    blind = [service for service, scaling in wanted.items() if _reads_metrics(scaling)]
    if blind and not any(version.startswith("metrics.k8s.io/") for version in sight.seen.apis):
        words = f"{', '.join(blind)}: the cluster has no metrics API, so CPU is not known. Install metrics-server."
        return Verdict("False", Reason.METRICS_API_MISSING, words)
    verdicts = [_of(sight, service) for service, scaling in wanted.items() if scaling.engine != "none"]
    order = {"False": 0, "Unknown": 1, "True": 2}
    worst = min(verdicts, key=lambda verdict: order[verdict.status])
    if worst.status == "True":
        return Verdict("True", Reason.ACTIVE, f"Autoscaling works: {', '.join(wanted)}.")
    words = " ".join(verdict.message for verdict in verdicts if verdict.status == worst.status)
    return Verdict(worst.status, worst.reason, words)


def _reads_metrics(scaling: Autoscaling) -> bool:
    return scaling.engine != "none" and scaling.target.type == "cpu"


def _of(sight: Sight, service: str) -> Verdict:
    scaler = next((s for s in sight.seen.scalers if s.service == service), None)
    if scaler is None:
        return Verdict("Unknown", Reason.SCALER_STARTING, f"{service}: its autoscaler is to be made.")
    told = {condition.type: condition for condition in scaler.conditions}
    for kind in _NEEDED.get(scaler.kind, ()):
        condition = told.get(kind)
        if condition is None:
            words = f"{service}: {scaler.kind} {scaler.name} has not said anything yet."
            return Verdict("Unknown", Reason.SCALER_STARTING, words)
        # With no pods there is nothing to scale; that is not trouble.
        if condition.status == "False" and condition.reason != "ScalingDisabled":
            return Verdict("False", Reason.SCALER_FAILING, _failing(service, scaler, condition.message))
    return Verdict("True", Reason.ACTIVE, "")


def _failing(service: str, scaler: ScalerSeen, message: str) -> str:
    return f"{service}: {scaler.kind} {scaler.name} does not scale: {message.rstrip('.')}."
