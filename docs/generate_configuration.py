"""Write the tables of docs/configuration.md from the Settings class: ``python -m docs.generate_configuration``."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from docs.generated_block import DOCS, table, write
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from dino_common.settings import Settings

PAGE = DOCS / "configuration.md"

# Group → setting → what it means. A test fails for a setting that is missing here, or that is no longer there.
MEANINGS: dict[str, dict[str, str]] = {
    "Identity": {
        "namespace": "First part of the bus prefix `dino.<namespace>.<deployment>`.",
        "deployment": "Second part. Deployments with different names share NATS, Redis and Qdrant without meeting; "
        "give each its own MongoDB database and bucket.",
        "instance": "Name of this process in logs, traces and metrics. Default: host name and process id.",
        "model_key": "Set by the operator: the model version an inference process is of. It answers on subjects of its "
        "own and does what the rollout says.",
        "resource": "Set by the operator: the `DinoDeployment` of namespace `DINO_NAMESPACE` that `PUT /config/…` "
        "changes.",
    },
    "Servers": {
        "mongodb_url": "MongoDB. Where the URL does not say otherwise, writes wait for `w=majority` and the journal.",
        "redis_url": "Redis or Valkey. A cache and the rate-limit counters: losing it loses speed, not data.",
        "nats_url": "NATS with JetStream; several servers separated by commas. Set its `max_payload` to 8 MB.",
        "qdrant_url": "Qdrant server for the vector index. Empty: files in `DINO_INDEX_DIR`, one analytics process.",
        "qdrant_api_key": "Key of that server.",
        "s3_endpoint": "S3-compatible store. Empty: Amazon S3.",
        "s3_access_key": "Its access key. Both keys empty: the machine's own role (IAM).",
        "s3_secret_key": "Its secret key.",
        "s3_bucket": "Bucket; made at start when it is missing.",
        "s3_public_url": "Base URL where everybody may read the bucket. Empty: they are read through the gateway.",
        "s3_region": "Region that requests are signed for; `auto` is R2's.",
        "presigned_url_seconds": "How long presigned URLs work, seconds.",
    },
    "HTTP": {
        "api_host": "Address the gateway listens on.",
        "api_port": "Port the gateway listens on; 0 takes a free one.",
        "public_url": "Address of the gateway as clients see it, for the URLs in answers. Empty: the request's Host.",
        "admin_host": "Address where inference, video and analytics answer `/live`, `/ready` and `/metrics`.",
        "admin_port": "Port of those; 0 takes a free one (the log says which).",
        "cors_origins": "Origins that browsers may call from, separated by commas; `*` for all; empty for none.",
        "trusted_proxies": "Addresses of proxies whose `X-Forwarded-*` headers are believed, separated by commas.",
    },
    "Who may call": {
        "auth": "`off` answers everybody. The local platform sets `off`; the default is `on`.",
        "jwt_jwks_url": "Where the token issuer publishes its keys (JWKS). Empty: API keys only.",
        "jwt_issuer": "Required `iss` of tokens; must be set with the JWKS URL.",
        "jwt_audience": "Required `aud` of tokens; must be set with the JWKS URL.",
    },
    "Limits": {
        "max_file_size_mb": "Largest upload through the gateway, MB (1 MB = 1,048,576 bytes).",
        "max_presigned_size_mb": "Largest presigned upload, MB. (Pictures are read whole, up to the upload limit or to "
        "4 bytes a permitted pixel, whichever is more.)",
        "max_batch_size": "Most assets in one request.",
        "max_pixels": "Most pixels (width × height) of a picture, checked from its header before decoding.",
        "max_video_seconds": "Longest film that is analysed, seconds.",
        "max_video_frames": "Most frames of a film that is analysed.",
        "max_video_decode_seconds": "Longest that decoding one minute of a film may take, seconds.",
        "rate_limit_default": "Requests a minute for each caller; 0 switches the limit off.",
        "rate_limit_upload": "The same for uploads.",
        "rate_limit_batch": "The same for batches and `batch-similarity`.",
    },
    "Model": {
        "model_name": "Directory or hub repository in `transformers` form. Empty: the built-in model. "
        "See [models.md](models.md).",
        "device": "`auto` takes CUDA when PyTorch sees it.",
        "precision": "`auto`: fp32 on a CPU; bf16, else fp16, on a GPU. fp16 is for GPUs only.",
        "batch_size": "Most pictures in one forward pass. CPU engines use at most 8.",
        "max_batch_delay_ms": "How long an idle GPU waits for a fuller batch, ms. CPU engines never wait.",
        "queue_limit": "Pictures accepted and not yet answered; beyond it `SERVICE_UNAVAILABLE` with Retry-After.",
        "decode_threads": "Threads that decode pictures, in inference and in analytics; 0: as many as cores.",
        "extract_on_upload": "Whether inference extracts features as soon as a picture is uploaded.",
        "image_text_model": "What places pictures and texts in one space for `semantic-search`: a directory of a CLIP "
        "or SigLIP model in `transformers` form; empty: the built-in ConSE; `off`: search by what is known in words. "
        "See [search.md](search.md).",
        "model_cache_dir": "Model cache: the built-in model, hub downloads, derived model cards, converted graphs.",
        "index_dir": "Vector index files; a folder per deployment and model version.",
    },
    "Image generator": {
        "generator_url": "Where `POST characters/{id}/generate-image` has pictures made. Empty: that operation answers "
        "409. See [generator.md](generator.md).",
        "generator_api_key": "Sent there as a bearer token.",
        "generator_seconds": "Longest that one picture may take, seconds.",
    },
    "Faces": {
        "face_detector": "Faces, bodies and hands of pictures and films (analytics, video, and inference, which "
        "looks): `auto` looks where the model cache has the detector, `off` never; without it what needs one is "
        "unknown. See [look.md](look.md#faces-bodies-and-hands).",
    },
    "How long things live": {
        "features_ttl": "Features in Redis, seconds. MongoDB keeps them until their content is deleted.",
        "similarity_ttl": "Quality metrics and the cosines of pairs in Redis, seconds.",
        "preprocessed_ttl": "Pictures resized for the model, in Redis, seconds.",
        "job_ttl": "Job documents with their results, seconds.",
        "scratch_ttl": "What jobs, searches and presigned uploads left in the object store and nothing needs any more, "
        "seconds; what a job under way needs stays.",
        "verdict_ttl": "Verdicts in the history of a character, seconds.",
        "verdicts_kept": "Newest verdicts kept of each character.",
    },
    "Webhooks": {
        "webhook_allow_private": "What webhooks may reach beside the public internet, also over plain http: names, "
        "domains (`.svc.cluster.local`), addresses and networks (`10.20.0.0/16`), separated by commas. See "
        "[webhooks.md](webhooks.md).",
        "webhook_secret_keys": "Keys of 32 or more characters, separated by commas: the first seals the webhooks' "
        "secrets in MongoDB, all of them open. Empty: secrets lie there as they are.",
        "webhook_timeout": "How long a webhook's receiver may take, seconds.",
        "webhook_max_attempts": "Attempts at a delivery before it is a dead letter.",
        "webhook_first_retry": "Seconds before the second attempt; later waits grow threefold, up to six hours.",
        "webhook_disable_after": "Seconds after which a webhook whose every attempt fails is switched off.",
        "webhook_delivery_ttl": "How long deliveries stay in the log, seconds.",
    },
    "Telemetry": {
        "otlp_endpoint": "Switches traces and OTLP metrics on, for example `http://localhost:4318`. OTLP over HTTP.",
        "log_format": "`json` for machines, `console` for people.",
        "log_level": "Least level that is written.",
    },
    "Load and stopping": {
        "drain_seconds": "How long a stopping process may finish the requests it holds, seconds.",
        "max_concurrency": "Requests in work at once in one process; more are answered with `SERVICE_UNAVAILABLE`.",
    },
}


def names(field: FieldInfo) -> str:
    """Return the environment variables of a setting: the first is the usual one, the others are aliases."""
    alias = field.validation_alias
    choices = [str(c) for c in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]
    first, *others = (f"`{name}`" for name in choices)
    return first + (f" (or {', '.join(others)})" if others else "")


def values(field: FieldInfo) -> str:
    """Return the type and the range that a setting accepts."""
    kind, parts = _plain(field.annotation), []
    for rule in field.metadata:
        if isinstance(rule, Ge):
            parts.append(f"≥ {rule.ge}")
        if isinstance(rule, Le):
            parts.append(f"≤ {rule.le}")
    return ", ".join([kind, *parts])


def _plain(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) in (Union, types.UnionType):
        return _plain(next(part for part in get_args(kind) if part is not type(None)))
    known: dict[Any, str] = {
        SecretStr: "secret",
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
    }
    return known.get(kind, "directory")


def default(field: FieldInfo) -> str:
    """Return the default as one would write it in the environment."""
    if field.default_factory is not None:
        return "made at start"
    value = field.default
    if value is None or value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def content() -> str:
    """Return the tables."""
    parts = []
    for group, meanings in MEANINGS.items():
        rows = [
            (names(field), default(field), values(field), meaning)
            for name, meaning in meanings.items()
            for field in [Settings.model_fields[name]]
        ]
        parts.append(f"### {group}\n\n" + table(("variable", "default", "values", "meaning"), rows))
    return "\n\n".join(parts)


if __name__ == "__main__":
    write(PAGE, {"settings": content()})
