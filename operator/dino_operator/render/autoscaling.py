"""The autoscalers: a HorizontalPodAutoscaler of the newest served version, or a KEDA ScaledObject."""

from __future__ import annotations

from dino_operator.render.context import SERVICES, Context, Manifest, Service
from dino_operator.render.facts import AUTOSCALING, KEDA
from dino_operator.spec.workload import Autoscaling


def owns_replicas(context: Context, service: Service) -> bool:
    """Tell whether an autoscaler sets the number of a service's pods, so that nobody else may."""
    scaling = context.workload(service).autoscaling
    if scaling is None:
        return False
    match scaling.engine:
        case "hpa":
            return context.facts.newest(AUTOSCALING) is not None
        case "keda":
            return KEDA in context.facts.crds
        case "none":
            return True


def autoscalers(context: Context) -> list[Manifest]:
    """Return the autoscaler of each service that has one and whose API is there."""
    found: list[Manifest] = []
    for service in SERVICES:
        scaling = context.workload(service).autoscaling
        if scaling is None or not owns_replicas(context, service) or scaling.engine == "none":
            continue
        make = _horizontal if scaling.engine == "hpa" else _scaled_object
        found.append(make(context, service, scaling))
    return found


def target_name(context: Context, service: Service) -> str:
    """Name of the Deployment that is scaled; of inference, the one that serves."""
    return context.inference_name(context.serving) if service == "inference" else context.object_name(service)


def bounds(context: Context, service: Service, scaling: Autoscaling) -> tuple[int, int]:
    """Return fewest and most pods; of inference less while the serving version makes room for another."""
    most = context.serving.replicas if service == "inference" else None
    if not most:
        return scaling.min, scaling.max
    return min(scaling.min, most), min(scaling.max, most)


def _horizontal(context: Context, service: Service, scaling: Autoscaling) -> Manifest:
    version = context.facts.newest(AUTOSCALING)
    assert version is not None
    fewest, most = bounds(context, service, scaling)
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target_name(context, service)},
        "minReplicas": fewest,
        "maxReplicas": most,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": scaling.target.value},
                },
            }
        ],
        "behavior": {
            # A pod takes its time to load a model: give capacity back slowly.
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "selectPolicy": "Max",
                "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
            }
        },
    }
    return context.manifest(version, "HorizontalPodAutoscaler", context.object_name(service), service, spec=spec)


def _scaled_object(context: Context, service: Service, scaling: Autoscaling) -> Manifest:
    fewest, most = bounds(context, service, scaling)
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target_name(context, service)},
        "minReplicaCount": fewest,
        "maxReplicaCount": most,
        "pollingInterval": 15,
        "cooldownPeriod": 300,
        "triggers": _triggers(context, service, scaling),
    }
    return context.manifest("keda.sh/v1alpha1", "ScaledObject", context.object_name(service), service, spec=spec)


def _triggers(context: Context, service: Service, scaling: Autoscaling) -> list[Manifest]:
    value = str(scaling.target.value)
    match scaling.target.type:
        case "cpu":
            return [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": value}}]
        case "gpu":
            pods = f"{context.inference_name(context.serving)}-.*"
            query = f'avg(DCGM_FI_DEV_GPU_UTIL{{exported_namespace="{context.namespace}",exported_pod=~"{pods}"}})'
            return [_prometheus(context, query, value)]
        case "queueDepth":
            return _queue_triggers(context, service, value)


def _queue_triggers(context: Context, service: Service, value: str) -> list[Manifest]:
    found: list[Manifest] = []
    nats = context.spec.connections.nats
    if nats is not None and nats.monitoring_endpoint is not None:
        token = f"dino_{context.namespace}_{context.name}"
        metadata = {
            "natsServerMonitoringEndpoint": nats.monitoring_endpoint,
            "account": "$G",
            "stream": f"{token}_jobs",
            "consumer": service,
            "lagThreshold": value,
        }
        found.append({"type": "nats-jetstream", "metadata": metadata})
    if service == "inference" and context.spec.telemetry.prometheus_url is not None:
        # Little's law: the seconds waited in a second are the number that waits, on average.
        labels = f'namespace="{context.namespace}",pod=~"{context.inference_name(context.serving)}-.*"'
        query = f"sum(rate(dino_inference_queue_wait_seconds_sum{{{labels}}}[1m]))"
        found.append(_prometheus(context, query, value))
    return found


def _prometheus(context: Context, query: str, value: str) -> Manifest:
    address = context.spec.telemetry.prometheus_url
    return {"type": "prometheus", "metadata": {"serverAddress": address, "query": query, "threshold": value}}
