"""Keys of the local object store: made once per data directory, readable by their owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ObjectStoreKeys:
    """Access key pair of the S3 API."""

    access_key_id: str
    secret_access_key: str


def load_or_create(directory: Path) -> ObjectStoreKeys:
    """Return the keys stored in ``directory``, made at the first call; the file's mode is 0600.

    Raises:
        ValueError: the file exists but does not hold both keys.
    """
    path = directory / "object-store-keys.json"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        content = json.loads(path.read_text())
        try:
            return ObjectStoreKeys(content["access_key_id"], content["secret_access_key"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} does not hold the object store's keys; delete it to make new ones") from error
    keys = ObjectStoreKeys(access_key_id=f"dino{secrets.token_hex(8)}", secret_access_key=secrets.token_hex(24))
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(keys), file)
    return keys
