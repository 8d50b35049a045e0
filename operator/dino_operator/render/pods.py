"""The pod template of every service: identity, probes, security, volumes and where pods may run."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dino_operator.render.context import (
    ADMIN_PORT,
    API_PORT,
    CHECKSUM,
    MODEL_LABEL,
    USER,
    Context,
    Manifest,
    Service,
    plain,
)
from dino_operator.render.environment import (
    INDEX_DIR,
    configuration,
    model_environment,
    object_store_environment,
    own_environment,
    secret_environment,
    secrets_read,
)
from dino_operator.render.facts import ModelVersion
from dino_operator.render.weights import cache_volume, owner_container, weights
from dino_operator.spec.workload import Workload

# Between the decision to stop and SIGTERM: long enough for endpoints and load balancers to learn of it.
_UNLISTED_SECONDS = 5
# Beyond draining: closing stores, sending the last traces.
_GRACE_SECONDS = 15
_MODEL_LOAD_SECONDS = 900
# Libraries keep caches below HOME, and the root file system is read-only.
_HOME: Manifest = {"name": "HOME", "value": "/tmp"}

_REQUESTS: dict[Service, dict[str, str]] = {
    "gateway": {"cpu": "250m", "memory": "512Mi"},
    "inference": {"cpu": "1", "memory": "2Gi"},
    "video": {"cpu": "500m", "memory": "512Mi"},
    "analytics": {"cpu": "500m", "memory": "1Gi"},
}


def pod_template(context: Context, service: Service, version: ModelVersion | None = None) -> Manifest:
    """Return the template of a service's pods; of inference, for one model version."""
    spec, template = context.spec, context.spec.pod_template
    workload = context.workload(service)
    labels = (template.labels or {}) | context.selector(service)
    if version is not None:
        labels |= {MODEL_LABEL: version.key}
    pod: Manifest = {
        "serviceAccountName": context.object_name(service),
        # Only the gateway talks to the API server.
        "automountServiceAccountToken": service == "gateway",
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _UNLISTED_SECONDS + template.drain_seconds + _GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        | (template.security_context or {}),
        "topologySpreadConstraints": _spread(labels, service),
        "containers": [_container(context, service, version)],
        "volumes": _volumes(context, service, version),
    }
    if version is not None:
        pod["initContainers"] = _init_containers(context, version)
    pod |= _placement(workload)
    if service == "inference" and spec.inference.runtime_class:
        pod["runtimeClassName"] = spec.inference.runtime_class
    if template.priority_class_name:
        pod["priorityClassName"] = template.priority_class_name
    if spec.images.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in spec.images.pull_secrets]
    annotations = (template.annotations or {}) | {CHECKSUM: _checksum(context, service)}
    return {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod}


def _container(context: Context, service: Service, version: ModelVersion | None) -> Manifest:
    ports = {"gateway": [("http", API_PORT)]}.get(service, [("admin", ADMIN_PORT)])
    container: Manifest = {
        "name": service,
        "image": context.spec.images.of(service),
        "imagePullPolicy": context.spec.images.pull_policy,
        "command": ["python", "-m", f"dino_{service}"],
        "env": _environment(context, service, version),
        "envFrom": [{"configMapRef": {"name": context.object_name(service)}}],
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports],
        "resources": _resources(context, service),
        "securityContext": _container_security(context),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": _mounts(context, service, version),
    }
    container |= _probes(service)
    if service == "gateway":
        container["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", str(_UNLISTED_SECONDS)]}}}
    return container


def _environment(context: Context, service: Service, version: ModelVersion | None) -> list[Manifest]:
    own: list[Manifest] = [
        {"name": "DINO_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        _HOME,
    ]
    if version is not None:
        own += model_environment(context, version, weights(context, version).model_name)
    return own + secret_environment(context, service) + own_environment(context, service)


def _init_containers(context: Context, version: ModelVersion) -> list[Manifest]:
    images, found = context.spec.images, weights(context, version)
    # No more than the store of the weights: the fetch needs no other connection. A proxy it needs like the service.
    given = [*own_environment(context, "inference"), _HOME, *object_store_environment(context), *found.environment]
    own = {item["name"]: item for item in given}
    return [
        *owner_container(version.model, images.of("inference"), images.pull_policy),
        {
            "name": "weights",
            "image": images.of("inference"),
            "imagePullPolicy": images.pull_policy,
            "command": found.command,
            "env": list(own.values()),
            "envFrom": [{"configMapRef": {"name": context.object_name("inference")}}],
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
            "securityContext": _container_security(context),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": _mounts(context, "inference", version),
        },
    ]


def _container_security(context: Context) -> Manifest:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } | (context.spec.pod_template.container_security_context or {})


def _probes(service: Service) -> Manifest:
    prefix, port = ("/api/v1", "http") if service == "gateway" else ("", "admin")

    def probe(path: str, period: int, failures: int) -> Manifest:
        return {
            "httpGet": {"path": f"{prefix}/{path}", "port": port, "scheme": "HTTP"},
            "periodSeconds": period,
            "timeoutSeconds": 5,
            "failureThreshold": failures,
        }

    # A model may load for minutes; the others wait for it in readiness, so that they are not restarted for it.
    starting = probe("ready", 5, _MODEL_LOAD_SECONDS // 5) if service == "inference" else probe("live", 2, 60)
    return {
        "startupProbe": starting,
        "livenessProbe": probe("live", 10, 6),
        "readinessProbe": probe("ready", 5, 3),
    }


def _resources(context: Context, service: Service) -> Manifest:
    resources = context.workload(service).resources
    limits = dict(resources.limits or {})
    # Where a limit alone is written, the API server takes it as the request too; a default might lie above it.
    requests = {name: value for name, value in _REQUESTS[service].items() if name not in limits}
    requests |= resources.requests or {}
    if service == "inference" and (gpu := context.spec.inference.gpu_resource) is not None:
        count = str(context.spec.inference.gpu.count) if context.spec.inference.gpu else "1"
        requests[gpu] = limits[gpu] = count
    return {"requests": requests} | ({"limits": limits} if limits else {})


def _volumes(context: Context, service: Service, version: ModelVersion | None) -> list[Manifest]:
    scratch: Manifest = {"sizeLimit": context.spec.video.storage.size} if service == "video" else {}
    volumes: list[Manifest] = [{"name": "tmp", "emptyDir": scratch}]
    if service == "analytics":
        claim = {"claimName": context.object_name("index")}
        files = {"persistentVolumeClaim": claim} if context.index_in_files else {"emptyDir": {}}
        volumes.append({"name": "index"} | files)
    if version is not None:
        volumes += [cache_volume(context, version.model), *weights(context, version).volumes]
    return volumes


def _mounts(context: Context, service: Service, version: ModelVersion | None) -> list[Manifest]:
    mounts: list[Manifest] = [{"name": "tmp", "mountPath": "/tmp"}]
    if service == "analytics":
        mounts.append({"name": "index", "mountPath": INDEX_DIR})
    if version is not None:
        mounts += [{"name": "cache", "mountPath": "/cache"}, *weights(context, version).mounts]
    return mounts


def _placement(workload: Workload) -> Manifest:
    found: dict[str, Any] = {
        "nodeSelector": workload.node_selector,
        "tolerations": [plain(item) for item in workload.tolerations or []],
        "affinity": workload.affinity,
    }
    return {name: value for name, value in found.items() if value}


def _spread(labels: dict[str, str], service: Service) -> list[Manifest]:
    keys = ["app.kubernetes.io/instance", "app.kubernetes.io/component"]
    keys += [MODEL_LABEL] if service == "inference" else []
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {name: labels[name] for name in keys}},
        }
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]


def _checksum(context: Context, service: Service) -> str:
    """Hash what the processes read once, at start. Thresholds are not part of it: they are followed live."""
    secrets = secrets_read([*secret_environment(context, service), *own_environment(context, service)])
    hashes = {name: context.facts.secret_hashes[name] for name in secrets if name in context.facts.secret_hashes}
    content = json.dumps([configuration(context, service), hashes], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
