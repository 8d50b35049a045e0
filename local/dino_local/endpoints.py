"""Where everything listens: what dino_local started or was given, and the file that tells others."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "endpoints.json"


@dataclass(frozen=True)
class ObjectStore:
    """An S3-compatible store: endpoint, keys, bucket and, when objects are public, their base URL."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    bucket: str
    public_url: str | None = None


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the servers and, once they are planned, of the services.

    ``external`` names the servers that were given by URL and are not ours to start or stop.
    """

    nats_url: str
    redis_url: str
    mongodb_url: str
    objects: ObjectStore
    api_url: str | None = None
    admin_ports: dict[str, int] | None = None
    pid: int | None = None
    external: tuple[str, ...] = ()

    def write(self, directory: Path) -> Path:
        """Write the addresses to ``directory/endpoints.json`` as a whole; mode 0600, as it holds keys."""
        path = directory / FILE_NAME
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file, indent=2)
            file.write("\n")
        fresh.replace(path)
        return path

    @classmethod
    def read(cls, directory: Path) -> Endpoints:
        """Read what ``write`` wrote.

        Raises:
            FileNotFoundError: nothing was started on this directory.
        """
        content: dict[str, Any] = json.loads((directory / FILE_NAME).read_text())
        content["objects"] = ObjectStore(**content["objects"])
        content["external"] = tuple(content["external"])
        return cls(**content)
