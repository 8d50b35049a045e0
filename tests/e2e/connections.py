"""The stores of one DinoDeployment on the shared servers, and the Secret that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tests.e2e.kubelet.api import Manifest
from tests.integration.platform import Servers


def object_store(servers: Servers) -> Any:
    """Return a client of the object store."""
    store = servers.endpoints.objects
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


def connections_secret(servers: Servers, database: str) -> Manifest:
    """Return the Secret of a DinoDeployment with a database and a bucket of this name."""
    endpoints = servers.endpoints
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "dino-connections"},
        "stringData": {
            "MONGODB_URL": endpoints.mongodb_url.replace("/dinov3_db?", f"/{database}?"),
            "REDIS_URL": endpoints.redis_url,
            "NATS_URL": endpoints.nats_url,
            "CLOUDFLARE_R2_ENDPOINT": endpoints.objects.endpoint,
            "CLOUDFLARE_R2_ACCESS_KEY_ID": endpoints.objects.access_key_id,
            "CLOUDFLARE_R2_SECRET_ACCESS_KEY": endpoints.objects.secret_access_key,
            "CLOUDFLARE_R2_BUCKET_NAME": database,
        },
    }


def upload_directory(servers: Servers, bucket: str, prefix: str, directory: Path) -> None:
    """Put the files of a directory below a prefix."""
    client = object_store(servers)
    for path in directory.iterdir():
        client.upload_file(str(path), bucket, f"{prefix}/{path.name}")
