"""The init container's command brings weights from a real bucket, once, and only those that were meant."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from tests.integration.platform import Servers
from tests.unit.operator.building import deployment, objects, pod

FILES = {"model.safetensors": b"weights" * 1000, "config.json": b"{}", "preprocessor_config.json": b"{}"}
SHA256 = hashlib.sha256(FILES["model.safetensors"]).hexdigest()


def fill(servers: Servers, bucket: str, prefix: str) -> dict[str, str]:
    """Put a model into a bucket; the answer is the environment to reach it."""
    store = servers.endpoints.objects
    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key_id,
        aws_secret_access_key=store.secret_access_key,
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=bucket)
    for name, content in FILES.items():
        client.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content)
    client.put_object(Bucket=bucket, Key=f"{prefix}/old/model.safetensors", Body=b"of another version")
    client.put_object(Bucket=bucket, Key=f"{prefix}/training.log", Body=b"not part of a model")
    return {
        "CLOUDFLARE_R2_ENDPOINT": store.endpoint,
        "CLOUDFLARE_R2_ACCESS_KEY_ID": store.access_key_id,
        "CLOUDFLARE_R2_SECRET_ACCESS_KEY": store.secret_access_key,
        "S3_REGION": "us-east-1",
    }


def rendered_command(cache: Path, **model: object) -> tuple[list[str], Path]:
    """The command as pods run it, with this Python and this directory, and where the service looks."""
    spec = pod(deployment(objects(model=model), "inference"))
    command = [part.replace("/cache", str(cache)) for part in spec["initContainers"][-1]["command"]]
    named = {item["name"]: item.get("value", "") for item in spec["containers"][0]["env"]}
    return [sys.executable, *command[1:]], Path(named["DINOV3_MODEL_NAME"].replace("/cache", str(cache)))


async def run(command: list[str], environment: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environment}, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_pods_of_a_node_share_weights_from_a_bucket(servers: Servers, tmp_path: Path) -> None:
    environment = fill(servers, "weights-shared", "models/vit")
    source = {"s3": {"bucket": "weights-shared", "prefix": "models/vit"}}
    command, directory = rendered_command(tmp_path, name="vit", source=source, sha256=SHA256)
    answers = await asyncio.gather(*(run(command, environment) for _ in range(2)))
    assert [code for code, _ in answers] == [0, 0], answers
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == FILES


async def test_wrong_weights_and_a_wrong_prefix_are_named(servers: Servers, tmp_path: Path) -> None:
    environment = fill(servers, "weights-wrong", "models/vit")
    source = {"s3": {"bucket": "weights-wrong", "prefix": "models/vit"}}
    command, directory = rendered_command(tmp_path, name="vit", source=source, sha256="0" * 64)
    code, said = await run(command, environment)
    assert code == 1
    assert f"have SHA-256 {SHA256}, expected {'0' * 64}" in said
    assert "Correct spec.model.sha256" in said
    assert not directory.exists()
    source["s3"]["prefix"] = "models/absent"
    command, _ = rendered_command(tmp_path, name="vit", source=source)
    code, said = await run(command, environment)
    assert code == 1
    assert "s3://weights-wrong/models/absent holds no model" in said
