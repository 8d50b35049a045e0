"""Bringing weights to this machine: the built-in model, a hub repository, or a prefix of an S3 bucket."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dino_cli.failures import Failure, UsageFailure
from dino_cli.session import Session
from dino_common.errors import DinoError
from dino_common.settings import Settings, load_settings

WANTED = ("config.json", "preprocessor_config.json", "model_card.json", "model.safetensors.index.json")


def default_cache() -> Path:
    """Return the model cache: DINO_CACHE_DIR, ``models`` beside a local platform's data, or the settings' default."""
    if os.environ.get("DINO_CACHE_DIR"):
        return load_settings().model_cache_dir.expanduser()
    local = Path(os.environ.get("DINO_VAR") or "var")
    default = Path(Settings.model_fields["model_cache_dir"].default).expanduser()
    return local / "models" if local.is_dir() else default


def fetch_builtin(cache: Path) -> Path:
    """Return the directory of the built-in visual model, with the other built-in models, fetched when not there."""
    needs_inference()
    from dino_inference.image_text.classifier import ensure_classifier
    from dino_inference.people.weights import ensure_people_models
    from dino_inference.pull import ensure_builtin
    from dino_inference.text_model import ensure_text_model

    _typed(lambda: ensure_text_model(cache))
    _typed(lambda: ensure_classifier(cache))
    found = _typed(lambda: ensure_builtin(cache))
    _typed(lambda: ensure_people_models(cache))
    return found


def fetch_repository(name: str, cache: Path) -> Path:
    """Return the directory of a hub repository, downloaded when it is not in the cache."""
    needs_inference()
    from dino_inference.locate import locate

    return _typed(lambda: locate(name, cache))


def needs_inference() -> None:
    """Raise Failure unless the inference extra is installed."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "onnx")):
        raise Failure(
            "Fetching models needs the inference extra",
            details="pip install 'dinov3-platform[inference]', or run this on the machine that serves the model",
            code="EXTRA_MISSING",
        )


def fetch_s3(url: str, cache: Path, session: Session) -> Path:
    """Download a model directory from ``s3://bucket/prefix`` into the cache and return it.

    Endpoint and keys are those of the platform's object store where they are set, else those of the AWS
    environment. A file that is there with the same size is not fetched again.

    Raises:
        UsageFailure: the URL names no bucket.
        Failure: the bucket refuses, or holds nothing of a model under the prefix.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    if not parts.netloc:
        raise UsageFailure(f"{url} names no bucket", "Write s3://bucket/prefix")
    settings = load_settings()
    secret = settings.s3_secret_key
    target = cache / "s3" / parts.netloc / prefix
    try:
        client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint,
            aws_access_key_id=settings.s3_access_key,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            region_name=settings.s3_region if settings.s3_endpoint else None,
            config=Config(signature_version="s3v4"),
        )
        found = 0
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=parts.netloc, Prefix=f"{prefix}/" if prefix else ""
        )
        for page in pages:
            for item in page.get("Contents", []):
                name = item["Key"].removeprefix(f"{prefix}/")
                if "/" in name or not (name in WANTED or name.endswith(".safetensors")):
                    continue
                found += 1
                file = target / name
                if file.is_file() and file.stat().st_size == item["Size"]:
                    continue
                session.note(f"fetching {name} ({item['Size'] / 1e6:.0f} MB)")
                target.mkdir(parents=True, exist_ok=True)
                # Renamed once whole, so that an interrupted download is never taken for a model.
                partial = file.with_name(f".{name}.partial")
                client.download_file(parts.netloc, item["Key"], str(partial))
                partial.replace(file)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise Failure(
            f"{url} cannot be read: {error}", details="Check the endpoint, the keys and the bucket", code="S3"
        ) from error
    if not found:
        raise Failure(f"nothing of a model lies under {url}", details="It must hold config.json and model.safetensors")
    return target


def _typed(fetch: Callable[[], Path]) -> Path:
    try:
        return fetch()
    except DinoError as error:
        raise Failure(error.message, details=error.details, code=error.code.value) from error
