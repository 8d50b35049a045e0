"""Environment of the services: what lies in ConfigMaps, what is read from Secrets, and the names of both."""

from __future__ import annotations

from typing import Any

from dino_operator.render.context import ADMIN_PORT, API_PORT, Context, Manifest, Service, plain
from dino_operator.render.facts import ModelVersion
from dino_operator.spec.base import milliseconds
from dino_operator.spec.connections import ObjectStorageRef, UrlRef, VectorIndexRef
from dino_operator.spec.gateway import Webhooks

CACHE_DIR = "/cache"
INDEX_DIR = "/data/index"


def configuration(context: Context, service: Service) -> dict[str, str]:
    """Return a service's settings that are no secrets, by environment variable."""
    spec, storage = context.spec, context.spec.connections.object_storage or ObjectStorageRef.model_validate({})
    lifetimes = spec.lifetimes
    values: dict[str, Any] = {
        "DINO_NAMESPACE": context.namespace,
        "DINO_DEPLOYMENT": context.name,
        "DINO_ADMIN_HOST": "0.0.0.0",
        "DINO_ADMIN_PORT": ADMIN_PORT,
        "DINO_LOG_FORMAT": spec.telemetry.log_format,
        "DINO_LOG_LEVEL": spec.telemetry.log_level,
        "DINO_DRAIN_SECONDS": spec.pod_template.drain_seconds,
        "OTEL_EXPORTER_OTLP_ENDPOINT": spec.telemetry.otlp_endpoint,
        "CLOUDFLARE_R2_BUCKET_NAME": storage.bucket,
        "S3_REGION": storage.region,
        "DINO_PRESIGNED_URL_SECONDS": storage.presigned_url_seconds,
        # Those that read pictures whole take as many bytes as the gateway lets in.
        "MAX_FILE_SIZE_MB": spec.gateway.limits.max_file_size_mb,
        "DINO_MAX_PIXELS": spec.gateway.limits.max_pixels,
        "DINO_MAX_CONCURRENCY": context.workload(service).max_concurrency,
        "DINO_FEATURES_TTL": lifetimes.features_seconds,
        "DINO_SIMILARITY_TTL": lifetimes.similarity_seconds,
        "DINO_PREPROCESSED_TTL": lifetimes.preprocessed_seconds,
    }
    if service != "gateway":
        values["DINO_FACE_DETECTOR"] = spec.face_detector
    match service:
        case "gateway":
            values |= _gateway(context)
        case "inference":
            inference = spec.inference
            values |= {
                "DINOV3_DEVICE": "cpu" if inference.gpu_resource is None else "cuda",
                "DINOV3_BATCH_SIZE": inference.batch_size,
                "DINO_MAX_BATCH_DELAY_MS": milliseconds(inference.max_batch_delay),
                "DINO_QUEUE_LIMIT": inference.queue_limit,
                "DINO_DECODE_THREADS": inference.decode_threads,
                "DINO_EXTRACT_ON_UPLOAD": _switch(inference.extract_on_upload),
                "DINO_CACHE_DIR": CACHE_DIR,
                "DINO_IMAGE_TEXT_MODEL": inference.image_text_model,
            }
        case "analytics":
            generator = spec.analytics.generator
            values |= {
                "DINO_INDEX_DIR": INDEX_DIR,
                "DINO_DECODE_THREADS": spec.analytics.decode_threads,
                "DINO_VERDICT_TTL": lifetimes.verdicts_seconds,
                "DINO_VERDICTS_KEPT": lifetimes.verdicts_kept,
                "DINO_GENERATOR_URL": generator and generator.url,
                "DINO_GENERATOR_TIMEOUT_SECONDS": generator and generator.timeout_seconds,
            }
        case "video":
            limits = spec.video.limits
            values |= {
                "DINO_MAX_VIDEO_SECONDS": limits.max_seconds,
                "DINO_MAX_VIDEO_FRAMES": limits.max_frames,
                "DINO_MAX_VIDEO_DECODE_SECONDS": limits.max_decode_seconds,
            }
    return {name: str(value) for name, value in sorted(values.items()) if value is not None}


def _gateway(context: Context) -> dict[str, Any]:
    gateway, storage = context.spec.gateway, context.spec.connections.object_storage
    jwt, webhooks = gateway.auth.jwt, gateway.webhooks
    return {
        "API_HOST": "0.0.0.0",
        "API_PORT": API_PORT,
        # Thresholds set over HTTP are written into this resource.
        "DINO_RESOURCE": context.name,
        "CLOUDFLARE_R2_PUBLIC_URL": storage.public_url if storage else None,
        "DINO_PUBLIC_URL": gateway.public_url,
        "DINO_CORS_ORIGINS": ",".join(gateway.cors.origins) or None,
        "DINO_TRUSTED_PROXIES": ",".join(gateway.trusted_proxies) if gateway.trusted_proxies else None,
        "DINO_AUTH": "on" if gateway.auth.enabled else "off",
        "DINO_JWT_JWKS_URL": jwt.jwks_url if jwt else None,
        "DINO_JWT_ISSUER": jwt.issuer if jwt else None,
        "DINO_JWT_AUDIENCE": jwt.audience if jwt else None,
        **(_webhooks(webhooks) if webhooks else {}),
        # Whoever uploads is told by the gateway whether features follow.
        "DINO_EXTRACT_ON_UPLOAD": _switch(context.spec.inference.extract_on_upload),
        "DINO_JOB_TTL": context.spec.lifetimes.jobs_seconds,
        "DINO_SCRATCH_TTL": context.spec.lifetimes.scratch_seconds,
        "DINO_MAX_PRESIGNED_SIZE_MB": gateway.limits.max_presigned_size_mb,
        "MAX_BATCH_SIZE": gateway.limits.max_batch_size,
        "RATE_LIMIT_DEFAULT": gateway.rate_limits.default,
        "RATE_LIMIT_UPLOAD": gateway.rate_limits.upload,
        "RATE_LIMIT_BATCH": gateway.rate_limits.batch,
    }


def _webhooks(webhooks: Webhooks) -> dict[str, Any]:
    return {
        "DINO_WEBHOOK_ALLOW_PRIVATE": ",".join(webhooks.allow_private or ()) or None,
        "DINO_WEBHOOK_TIMEOUT": webhooks.timeout_seconds,
        "DINO_WEBHOOK_MAX_ATTEMPTS": webhooks.max_attempts,
        "DINO_WEBHOOK_FIRST_RETRY": webhooks.first_retry_seconds,
        "DINO_WEBHOOK_DISABLE_AFTER": webhooks.disable_after_seconds,
        "DINO_WEBHOOK_DELIVERY_TTL": webhooks.keep_deliveries_seconds,
    }


def _switch(on: bool) -> str:
    return "true" if on else "false"


def model_environment(context: Context, version: ModelVersion, model_name: str) -> list[Manifest]:
    """Return what is particular to the pods of a model version."""
    values = {
        "DINO_MODEL_KEY": version.key,
        "DINOV3_PRECISION": version.model.precision,
        "DINOV3_MODEL_NAME": model_name,
    }
    return [{"name": name, "value": value} for name, value in values.items() if value]


def secret_environment(context: Context, service: Service) -> list[Manifest]:
    """Return the variables that are read from Secrets."""
    connections = context.spec.connections

    def url(name: str, ref: UrlRef | None) -> Manifest:
        ref = ref or UrlRef.model_validate({})
        return from_secret(name, ref.secret_name or connections.secret_name, ref.key or name)

    found = [
        url("MONGODB_URL", connections.mongodb),
        url("REDIS_URL", connections.redis),
        url("NATS_URL", connections.nats),
        *object_store_environment(context),
    ]
    webhooks = context.spec.gateway.webhooks
    if service == "gateway" and webhooks is not None and webhooks.secret_name is not None:
        found.append(from_secret("DINO_WEBHOOK_SECRET_KEYS", webhooks.secret_name, webhooks.secret_keys_key))
    generator = context.spec.analytics.generator
    if service == "analytics" and generator is not None and generator.secret_name is not None:
        found.append(from_secret("DINO_GENERATOR_API_KEY", generator.secret_name, generator.api_key_key))
    if service == "analytics" and connections.vector_index is not None:
        index: VectorIndexRef = connections.vector_index
        secret = index.secret_name or connections.secret_name
        found += [
            from_secret("QDRANT_URL", secret, index.url_key),
            from_secret("QDRANT_API_KEY", secret, index.api_key_key, optional=True),
        ]
    return found


def own_environment(context: Context, service: Service) -> list[Manifest]:
    """Return the variables that the user gives the pods of a service, as in a pod."""
    return [plain(variable) for variable in context.workload(service).env or ()]


def secrets_read(variables: list[Manifest]) -> set[str]:
    """Return the names of the Secrets that variables are read from."""
    return {
        item["valueFrom"]["secretKeyRef"]["name"] for item in variables if "secretKeyRef" in item.get("valueFrom", {})
    }


def object_store_environment(context: Context, secret: str | None = None) -> list[Manifest]:
    """Return the object store's variables, from its own Secret or from another one with the same keys."""
    connections = context.spec.connections
    storage = connections.object_storage or ObjectStorageRef.model_validate({})
    secret = secret or storage.secret_name or connections.secret_name
    found = [
        from_secret("CLOUDFLARE_R2_ENDPOINT", secret, storage.endpoint_key, optional=True),
        from_secret("CLOUDFLARE_R2_ACCESS_KEY_ID", secret, storage.access_key_id_key, optional=True),
        from_secret("CLOUDFLARE_R2_SECRET_ACCESS_KEY", secret, storage.secret_access_key_key, optional=True),
    ]
    if storage.bucket is None:
        found.append(from_secret("CLOUDFLARE_R2_BUCKET_NAME", secret, "CLOUDFLARE_R2_BUCKET_NAME", optional=True))
    return found


def from_secret(name: str, secret: str | None, key: str, *, optional: bool = False) -> Manifest:
    """Return a variable that is read from a Secret's key."""
    if secret is None:
        raise ValueError(f"no Secret is named for {name}")
    reference: Manifest = {"name": secret, "key": key}
    if optional:
        reference["optional"] = True
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def config_map(context: Context, service: Service) -> Manifest:
    """Return the ConfigMap of a service. One each, so that a change restarts that service alone."""
    return context.manifest(
        "v1", "ConfigMap", context.object_name(service), service, data=configuration(context, service)
    )
