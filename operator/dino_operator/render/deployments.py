"""The Deployments: one for each service, and for inference one for each model version."""

from __future__ import annotations

import json
from math import ceil

from dino_operator.render.autoscaling import owns_replicas
from dino_operator.render.context import MODEL_LABEL, MODEL_SPEC, ROLE_LABEL, Context, Manifest, Service, plain
from dino_operator.render.facts import ModelVersion
from dino_operator.render.pods import pod_template

_SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
_REPLACE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
# A volume in files can be held by one pod, so the old one must be gone first.
_RECREATE = {"type": "Recreate"}


def deployments(context: Context) -> list[Manifest]:
    """Return every Deployment."""
    found = [_deployment(context, "gateway", None, _SURGE)]
    found += [_deployment(context, "inference", version, inference_strategy(context)) for version in context.versions]
    found.append(_deployment(context, "video", None, _SURGE))
    found.append(_deployment(context, "analytics", None, _RECREATE if context.index_in_files else _SURGE))
    return found


def inference_strategy(context: Context) -> Manifest:
    """Return how inference pods are replaced: the new one first where there is room for it."""
    inference = context.spec.inference
    wanted = inference.rollout.strategy
    if wanted == "auto":
        resource, gpu = inference.gpu_resource, inference.gpu
        room = resource is None or gpu is None or context.facts.free_gpus.get(resource, 0) >= gpu.count
        wanted = "surge" if room else "replace"
    return _SURGE if wanted == "surge" else _REPLACE


def replicas(context: Context, service: Service, version: ModelVersion | None) -> int | None:
    """Return how many pods are wanted; None where an autoscaler says it."""
    workload = context.workload(service)
    if version is not None and version.replicas is not None:
        # A number for the serving version bounds its autoscaler, which goes on owning the replicas; 0 switches it off.
        bounded = version.role == "serving" and version.replicas > 0 and owns_replicas(context, service)
        return None if bounded else version.replicas
    fewest = max(1, workload.autoscaling.min) if workload.autoscaling else workload.most
    if version is not None and version.role != "serving":
        share = {"dark": 1, "canary": max(1, ceil(fewest * version.weight / 100)), "previous": 0}
        return share[version.role]
    return None if owns_replicas(context, service) else fewest


def _deployment(context: Context, service: Service, version: ModelVersion | None, strategy: Manifest) -> Manifest:
    name, selector, labels, annotations = context.object_name(service), context.selector(service), {}, {}
    if version is not None:
        name = context.inference_name(version)
        selector = selector | {MODEL_LABEL: version.key}
        labels = {MODEL_LABEL: version.key, ROLE_LABEL: version.role}
        annotations = {MODEL_SPEC: json.dumps(plain(version.model), sort_keys=True, separators=(",", ":"))}
    spec: Manifest = {
        "selector": {"matchLabels": selector},
        "strategy": strategy,
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": 1200 if service == "inference" else 600,
        "template": pod_template(context, service, version),
    }
    if (count := replicas(context, service, version)) is not None:
        spec["replicas"] = count
    if context.spec.paused:
        spec["paused"] = True
    return context.manifest("apps/v1", "Deployment", name, service, labels=labels, annotations=annotations, spec=spec)
