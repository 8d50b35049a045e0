"""ServiceMonitors, where the Prometheus operator is there."""

from __future__ import annotations

from dino_operator.render.context import METRICS_LABEL, Context, Manifest
from dino_operator.render.facts import SERVICE_MONITOR

# The labels that dashboards and alert rules ask for, from the Service and the pod that a sample is read through.
_SOURCES = {
    "deployment": "__meta_kubernetes_service_label_app_kubernetes_io_instance",
    "service": "__meta_kubernetes_service_label_app_kubernetes_io_component",
    "instance": "__meta_kubernetes_pod_name",
}


def service_monitors(context: Context) -> list[Manifest]:
    """Return one monitor for the admin ports and one for the gateway.

    The gateway's answer merges every process of the platform; its own samples alone are kept, as the others
    are read where they arise.
    """
    monitor = context.spec.telemetry.service_monitor
    if not monitor.enabled or SERVICE_MONITOR not in context.facts.crds:
        return []
    own_samples = {"action": "keep", "sourceLabels": ["service"], "regex": "gateway"}
    endpoints: dict[str, Manifest] = {
        "admin": {"port": "admin", "path": "/metrics"},
        "gateway": {
            "port": "http",
            "path": "/api/v1/metrics",
            "honorLabels": True,
            "metricRelabelings": [own_samples],
        },
    }
    relabelings = [{"sourceLabels": [source], "targetLabel": label} for label, source in _SOURCES.items()]
    instance = context.labels()["app.kubernetes.io/instance"]
    return [
        context.manifest(
            "monitoring.coreos.com/v1",
            "ServiceMonitor",
            context.object_name(part),
            labels=monitor.labels,
            spec={
                "selector": {"matchLabels": {"app.kubernetes.io/instance": instance, METRICS_LABEL: part}},
                "namespaceSelector": {"matchNames": [context.namespace]},
                "endpoints": [endpoint | {"interval": monitor.interval, "relabelings": relabelings}],
            },
        )
        for part, endpoint in endpoints.items()
    ]
