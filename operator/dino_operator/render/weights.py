"""How a pod gets its model's weights: the init container that fetches and checks them, and their volume."""

from __future__ import annotations

from dataclasses import dataclass, field

from dino_operator.render.context import USER, Context, Manifest
from dino_operator.render.environment import CACHE_DIR, from_secret, object_store_environment
from dino_operator.render.facts import ModelVersion
from dino_operator.spec.model import Model

IMAGE_MODELS = "/data/models"
_PVC_DIR = "/weights"
_FETCH = ["python", "-m", "dino_inference.fetch"]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a model adds to its pods.

    Attributes:
        model_name: value of DINOV3_MODEL_NAME; empty for the built-in model.
        command: of the init container.
        environment: more of it, such as keys of another bucket.
        volumes, mounts: beside the cache's.
    """

    model_name: str
    command: list[str]
    environment: list[Manifest] = field(default_factory=list)
    volumes: list[Manifest] = field(default_factory=list)
    mounts: list[Manifest] = field(default_factory=list)


def weights(context: Context, version: ModelVersion) -> Weights:
    """Return how the pods of a model version get their weights."""
    model, source = version.model, version.model.source
    into = f"{CACHE_DIR}/weights/{version.key}"
    checks = _checks(model)
    if source is None or model.name is None:
        return Weights("", [*_FETCH, "built-in", "--into", CACHE_DIR, *checks])
    if source.s3 is not None:
        prefix = (source.s3.prefix or model.name).strip("/")
        return Weights(
            into,
            [*_FETCH, f"s3://{source.s3.bucket}/{prefix}", "--into", into, *checks],
            environment=object_store_environment(context, source.s3.secret_name) if source.s3.secret_name else [],
        )
    if source.hugging_face is not None:
        hub = source.hugging_face
        revision = ["--revision", model.version] if model.version else []
        token = hub.token_secret_name
        return Weights(
            into,
            [*_FETCH, f"hf://{hub.repository or model.name}", "--into", into, *revision, *checks],
            environment=[from_secret("HF_TOKEN", token, hub.token_secret_key)] if token else [],
        )
    if source.pvc is not None:
        path = f"{_PVC_DIR}/{(source.pvc.path or model.name).strip('/')}"
        claim = {"claimName": source.pvc.claim_name, "readOnly": True}
        return Weights(
            path,
            [*_FETCH, path, "--into", into, *checks],
            volumes=[{"name": "weights", "persistentVolumeClaim": claim}],
            mounts=[{"name": "weights", "mountPath": _PVC_DIR, "readOnly": True}],
        )
    path = (source.image.path if source.image else None) or f"{IMAGE_MODELS}/{model.name}"
    return Weights(path, [*_FETCH, path, "--into", into, *checks])


def _checks(model: Model) -> list[str]:
    size = ["--image-size", str(model.image_size)] if model.image_size else []
    return size + (["--sha256", model.sha256] if model.sha256 else [])


def cache_kind(model: Model) -> str:
    """Return where fetched weights are kept: ``node``, ``volume`` or ``pod``."""
    if model.cache.type != "auto":
        return model.cache.type
    source = model.source
    fetched = source is not None and (source.s3 is not None or source.hugging_face is not None)
    return "node" if fetched else "pod"


def cache_volume(context: Context, model: Model) -> Manifest:
    """Return the volume of fetched weights, derived cards and converted graphs."""
    match cache_kind(model):
        case "node":
            # One for each deployment: weights that another one fetched are nothing to trust.
            path = f"{model.cache.node_path.rstrip('/')}/{context.namespace}/{context.name}"
            return {"name": "cache", "hostPath": {"path": path, "type": "DirectoryOrCreate"}}
        case "volume":
            claim = model.cache.claim_name or context.object_name("models")
            return {"name": "cache", "persistentVolumeClaim": {"claimName": claim}}
        case _:
            return {"name": "cache", "emptyDir": {}}


def owner_container(model: Model, image: str, pull_policy: str) -> list[Manifest]:
    """Return the init container that makes a directory of the node writable for the service's user.

    The kubelet makes it for root and applies no fsGroup to it; this one container is root, with the right to
    change owners and nothing else.
    """
    if cache_kind(model) != "node":
        return []
    return [
        {
            "name": "own-cache",
            "image": image,
            "imagePullPolicy": pull_policy,
            "command": ["chown", f"{USER}:{USER}", CACHE_DIR],
            "securityContext": {
                "runAsUser": 0,
                "runAsGroup": 0,
                "runAsNonRoot": False,
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
            },
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            "volumeMounts": [{"name": "cache", "mountPath": CACHE_DIR}],
        }
    ]
