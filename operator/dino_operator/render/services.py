"""Services, and the ways into the cluster: Ingress or HTTPRoute."""

from __future__ import annotations

from dino_operator.render.context import ADMIN_PORT, METRICS_LABEL, SERVICES, Context, Manifest, plain
from dino_operator.render.facts import GATEWAY_API, HTTP_ROUTE


def services(context: Context) -> list[Manifest]:
    """Return the gateway's Service, and for the others headless ones that metrics are read through."""
    return [_gateway_service(context)] + [
        context.manifest(
            "v1",
            "Service",
            context.object_name(service),
            service,
            labels={METRICS_LABEL: "admin"},
            spec={
                "type": "ClusterIP",
                "clusterIP": "None",
                "publishNotReadyAddresses": True,
                "selector": context.selector(service),
                "ports": [{"name": "admin", "port": ADMIN_PORT, "targetPort": "admin", "protocol": "TCP"}],
            },
        )
        for service in SERVICES
        if service != "gateway"
    ]


def _gateway_service(context: Context) -> Manifest:
    service = context.spec.gateway.service
    return context.manifest(
        "v1",
        "Service",
        context.object_name("gateway"),
        "gateway",
        labels={METRICS_LABEL: "gateway"},
        annotations=service.annotations,
        spec={
            "type": service.type,
            "selector": context.selector("gateway"),
            "ports": [{"name": "http", "port": service.port, "targetPort": "http", "protocol": "TCP"}],
        },
    )


def routes(context: Context) -> list[Manifest]:
    """Return the Ingress or the HTTPRoute, if one is asked for and its API is there."""
    gateway, name = context.spec.gateway, context.object_name("gateway")
    if (ingress := gateway.ingress) is not None:
        backend = {"service": {"name": name, "port": {"name": "http"}}}
        path = {"path": "/", "pathType": "Prefix", "backend": backend}
        spec: Manifest = {"rules": [{"host": ingress.host, "http": {"paths": [path]}}]}
        if ingress.class_name:
            spec["ingressClassName"] = ingress.class_name
        if ingress.tls_secret_name:
            spec["tls"] = [{"hosts": [ingress.host], "secretName": ingress.tls_secret_name}]
        annotations = ingress.annotations
        return [
            context.manifest("networking.k8s.io/v1", "Ingress", name, "gateway", annotations=annotations, spec=spec)
        ]
    version = context.facts.newest(GATEWAY_API)
    if gateway.route is None or version is None or HTTP_ROUTE not in context.facts.crds:
        return []
    spec = {
        "parentRefs": [plain(ref) for ref in gateway.route.parent_refs],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": name, "port": gateway.service.port}],
            }
        ],
    }
    if gateway.route.hostnames:
        spec["hostnames"] = list(gateway.route.hostnames)
    return [context.manifest(version, "HTTPRoute", name, "gateway", spec=spec)]
