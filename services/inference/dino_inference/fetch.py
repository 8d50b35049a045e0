"""Bring a model's weights to a directory once, and check them: ``python -m dino_inference.fetch``.

Runs before the service, as the init container of its pods. Pods of one node, or of one volume, share the
directory: one of them fetches, the others wait and find it whole.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from dino_common.errors import DinoError, ModelNotLoaded
from dino_common.settings import load_settings
from dino_inference import builtin
from dino_inference.checksums import weights_sha256
from dino_inference.pull import ensure_builtin, is_whole

FILES = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "preprocessor_config.json",
    "model_card.json",
)
_SCHEMES = ("s3", "hf")


def fetch(
    source: str, into: Path, *, revision: str | None = None, sha256: str | None = None, image_size: int | None = None
) -> Path:
    """Return the checked directory of a model, fetched into ``into`` unless it is there and passes the check.

    Args:
        source: ``s3://bucket/prefix``, ``hf://owner/name``, or a directory, which is used where it is.
        into: directory that appears whole and checked, or not at all.
        revision: of a hub repository.
        sha256: expected hash of the weights.
        image_size: expected side of the model's input, pixels.

    Raises:
        ModelNotLoaded: the source cannot be read, holds no model, or holds another one than is expected.
    """
    parts = urlsplit(source)
    if parts.scheme not in _SCHEMES:
        if not (directory := Path(source)).is_dir():
            raise ModelNotLoaded(f"there is no directory {source}", details="Check the volume and the model's path")
        check(directory, sha256=sha256, image_size=image_size)
        return directory
    into.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(into.parent / f".{into.name}.lock"):
        if into.is_dir():
            try:
                check(into, sha256=sha256, image_size=image_size)
                return into
            except ModelNotLoaded as error:
                print(f"fetching again: {error.message}", file=sys.stderr)
                shutil.rmtree(into)
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=f".{into.name}-") as temporary:
            staged = Path(temporary) / "model"
            staged.mkdir()
            if parts.scheme == "s3":
                _from_s3(parts.netloc, parts.path.strip("/"), staged)
            else:
                _from_hub(f"{parts.netloc}{parts.path}", revision, staged)
            if not any(staged.glob("*.safetensors")) or not (staged / "config.json").is_file():
                raise ModelNotLoaded(
                    f"{source} holds no model",
                    details="It must hold config.json, preprocessor_config.json and model.safetensors (or shards)",
                )
            check(staged, sha256=sha256, image_size=image_size)
            staged.rename(into)
    return into


def seed_builtin(cache: Path, image: Path) -> Path:
    """Return the built-in model in ``cache``, copied from the image's directory, else fetched as `pull` does."""
    target = cache / builtin.NAME
    if is_whole(image / builtin.NAME) and not is_whole(target):
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(cache / f".{builtin.NAME}.seed.lock"):
            if not is_whole(target):
                shutil.rmtree(target, ignore_errors=True)
                with tempfile.TemporaryDirectory(dir=cache, prefix=f".{builtin.NAME}-") as temporary:
                    staged = shutil.copytree(image / builtin.NAME, Path(temporary) / "model")
                    staged.rename(target)
    return ensure_builtin(cache)


def check(directory: Path, *, sha256: str | None = None, image_size: int | None = None) -> None:
    """Raise ModelNotLoaded unless the weights have this hash and the processor this input size."""
    if sha256 is not None:
        try:
            found = weights_sha256(directory)
        except FileNotFoundError as error:
            raise ModelNotLoaded(str(error), details="Check the path of the model") from error
        if found != sha256:
            raise ModelNotLoaded(
                f"the weights in {directory} have SHA-256 {found}, expected {sha256}",
                details="Correct spec.model.sha256, or replace the weights: they are not the ones that were meant",
            )
    if image_size is not None and image_size not in (sizes := _input_sizes(directory)):
        raise ModelNotLoaded(
            f"the model in {directory} takes pictures of {' or '.join(map(str, sorted(sizes))) or 'unknown size'}, "
            f"expected {image_size}",
            details="Correct spec.model.imageSize, or preprocessor_config.json beside the weights",
        )


def _input_sizes(directory: Path) -> set[int]:
    try:
        config = json.loads((directory / "preprocessor_config.json").read_text())
    except (OSError, ValueError) as error:
        raise ModelNotLoaded(f"{directory}/preprocessor_config.json cannot be read: {error}") from error
    size = config.get("crop_size") if config.get("do_center_crop") else None
    size = size or config.get("size") or {}
    return {size} if isinstance(size, int) else {int(value) for value in size.values()}


def _from_s3(bucket: str, prefix: str, staged: Path) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from dino_common.stores.object_client import open_client

    try:
        client = open_client(load_settings(), connections=4).boto
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/" if prefix else "")
        for page in pages:
            for item in page.get("Contents", []):
                name = item["Key"].removeprefix(f"{prefix}/")
                if "/" not in name and any(Path(name).match(pattern) for pattern in FILES):
                    client.download_file(bucket, item["Key"], str(staged / name))
    except (BotoCoreError, ClientError, OSError) as error:
        raise ModelNotLoaded(
            f"s3://{bucket}/{prefix} cannot be read: {error}", details="Check the bucket, the endpoint and the keys"
        ) from error


def _from_hub(repository: str, revision: str | None, staged: Path) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        snapshot_download(repository, revision=revision, local_dir=staged, allow_patterns=list(FILES))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelNotLoaded(
            f"the repository {repository} cannot be fetched: {error}",
            details="Check its name and revision; gated repositories need a token (HF_TOKEN)",
        ) from error
    shutil.rmtree(staged / ".cache", ignore_errors=True)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> int:
    """Fetch and check a model and print its directory; status 1, with the fix, when that fails."""
    parser = argparse.ArgumentParser(prog="python -m dino_inference.fetch", description=main.__doc__)
    parser.add_argument("source", help="built-in, s3://bucket/prefix, hf://owner/name, or a directory")
    parser.add_argument("--into", type=Path, required=True, help="directory of the model (built-in: model cache)")
    image = Path(os.environ.get("DINO_IMAGE_MODELS") or "/data/models")
    parser.add_argument("--image", type=Path, default=image, help="where an image keeps the built-in (%(default)s)")
    parser.add_argument("--revision", help="revision of a hub repository")
    parser.add_argument("--sha256", help="expected hash of the weights")
    parser.add_argument("--image-size", type=int, help="expected side of the input, pixels")
    options = parser.parse_args(arguments)
    try:
        if options.source == "built-in":
            directory = seed_builtin(options.into, options.image)
            check(directory, image_size=options.image_size)
        else:
            directory = fetch(
                options.source,
                options.into,
                revision=options.revision,
                sha256=options.sha256,
                image_size=options.image_size,
            )
    except DinoError as error:
        print(f"{error.message}\n{error.details}", file=sys.stderr)
        return 1
    print(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
