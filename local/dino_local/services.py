"""Our four services as child processes: their environment and how to start them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from dino_local import checks
from dino_local.endpoints import Endpoints
from dino_local.program import Program

# Each stage starts when the one before is ready.
STAGES: tuple[tuple[str, ...], ...] = (("inference", "video", "analytics"), ("gateway",))
SERVICES: tuple[str, ...] = tuple(name for stage in STAGES for name in stage)
USUAL_ADMIN_PORTS = {"gateway": 3013, "inference": 3014, "video": 3015, "analytics": 3016}
# The first start of a model converts it and compiles it; analytics compares its index with the library.
START_SECONDS = {"inference": 900.0, "analytics": 300.0, "video": 60.0, "gateway": 60.0}
DRAIN_SECONDS = "10"


def service_environment(endpoints: Endpoints, data: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment that every service gets.

    Args:
        endpoints: addresses of the servers; always win over ``given``.
        data: the platform's data directory; models and index lie below it unless ``given`` says otherwise.
        given: the user's environment, passed on; this process's when left out.
    """
    environment = dict(os.environ if given is None else given)
    defaults = {
        "API_HOST": "127.0.0.1",
        "DINO_ADMIN_HOST": "127.0.0.1",
        "DINO_AUTH": "off",
        "DINO_CACHE_DIR": str(data / "models"),
        "DINO_INDEX_DIR": str(data / "index"),
        "DINO_LOG_FORMAT": "json",
        "DINO_DRAIN_SECONDS": DRAIN_SECONDS,
    }
    for name, value in defaults.items():
        if not environment.get(name):
            environment[name] = value
    environment |= {
        "NATS_URL": endpoints.nats_url,
        "REDIS_URL": endpoints.redis_url,
        "MONGODB_URL": endpoints.mongodb_url,
        "CLOUDFLARE_R2_ENDPOINT": endpoints.objects.endpoint,
        "CLOUDFLARE_R2_ACCESS_KEY_ID": endpoints.objects.access_key_id,
        "CLOUDFLARE_R2_SECRET_ACCESS_KEY": endpoints.objects.secret_access_key,
        "CLOUDFLARE_R2_BUCKET_NAME": endpoints.objects.bucket,
        "PYTHONUNBUFFERED": "1",
    }
    if endpoints.objects.public_url:
        environment["CLOUDFLARE_R2_PUBLIC_URL"] = endpoints.objects.public_url
    if endpoints.api_url:
        environment["API_PORT"] = endpoints.api_url.rsplit(":", 1)[1]
    return environment


def service_program(name: str, endpoints: Endpoints, data: Path, environment: Mapping[str, str]) -> Program:
    """Return what to start for one service.

    Args:
        name: one of ``SERVICES``.
        endpoints: with ``admin_ports`` and ``api_url`` filled in.
        data: the platform's data directory.
        environment: what ``service_environment`` returned.
    """
    assert endpoints.admin_ports is not None, "admin ports are planned before services"
    assert endpoints.api_url is not None, "the API's address is planned before services"
    admin = f"http://127.0.0.1:{endpoints.admin_ports[name]}"
    ready = f"{endpoints.api_url}/api/v1/ready" if name == "gateway" else f"{admin}/ready"
    drain = float(environment.get("DINO_DRAIN_SECONDS", DRAIN_SECONDS))
    return Program(
        name=name,
        kind="service",
        command=(sys.executable, "-m", f"dino_{name}"),
        environment={**environment, "DINO_ADMIN_PORT": str(endpoints.admin_ports[name])},
        check=lambda: checks.check_http(ready),
        address=endpoints.api_url if name == "gateway" else admin,
        directory=data,
        start_seconds=START_SECONDS[name],
        stop_seconds=drain + 5,
    )
