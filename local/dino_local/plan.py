"""What will run, before anything runs: which servers are ours, on which ports, and in which order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dino_common.settings import Settings
from dino_local.credentials import load_or_create
from dino_local.endpoints import Endpoints, ObjectStore
from dino_local.ports import PortPicker, is_free
from dino_local.program import Program
from dino_local.servers import MongoServer, NatsServer, ObjectServer, RedisServer
from dino_local.services import STAGES, USUAL_ADMIN_PORTS, service_environment, service_program

HOST = "127.0.0.1"
USUAL_API_PORT = 3012
# Parts of SeaweedFS with the ports that its documentation uses.
OBJECT_PARTS = {"master": 9333, "volume": 9340, "filer": 8888, "admin": 13646}


class PlanError(ValueError):
    """Raised when the environment asks for something that cannot be done; the message says what to change."""


@dataclass(frozen=True)
class Plan:
    """Programs in stages, each started when the one before is ready, and where everything listens."""

    stages: tuple[tuple[Program, ...], ...]
    endpoints: Endpoints
    environment: Mapping[str, str]


def plan_servers(data: Path, settings: Settings, ports: PortPicker) -> tuple[tuple[Program, ...], Endpoints]:
    """Plan the servers whose URL the settings do not give.

    Args:
        data: data directory; each server gets a folder of it.
        settings: read from the user's environment.
        ports: chooses the ports.

    Returns:
        The programs to start, which may all start at once, and the addresses of ours and given servers.

    Raises:
        PlanError: an object store is given without its keys.
        ServerMissing: a server's package is not installed.
    """
    given = settings.model_fields_set
    programs: list[Program] = []
    external: list[str] = []
    nats_url, redis_url, mongodb_url = settings.nats_url, settings.redis_url, settings.mongodb_url
    if "nats_url" in given:
        external.append("nats")
    else:
        nats = NatsServer(data / "nats", HOST, ports.pick("nats", 4222))
        programs.append(nats.program())
        nats_url = nats.url
    if "redis_url" in given:
        external.append("redis")
    else:
        redis = RedisServer(data / "redis", HOST, ports.pick("redis", 6379))
        programs.append(redis.program())
        redis_url = redis.url
    if "mongodb_url" in given:
        external.append("mongo")
    else:
        mongo = MongoServer(data / "mongo", HOST, ports.pick("mongo", 27017))
        programs.append(mongo.program())
        mongodb_url = mongo.url
    if "s3_endpoint" in given:
        external.append("objects")
        objects = _given_objects(settings)
    else:
        server = _plan_objects(data, settings, ports)
        programs.append(server.program())
        objects = server.store
    return tuple(programs), Endpoints(nats_url, redis_url, mongodb_url, objects, external=tuple(external))


def plan_platform(data: Path, settings: Settings, ports: PortPicker, given: Mapping[str, str]) -> Plan:
    """Plan servers and services.

    Args:
        data: data directory.
        settings: read from ``given``.
        ports: chooses the ports.
        given: the user's environment, passed on to the services.

    Raises:
        PlanError: as ``plan_servers``; also when ``API_PORT`` names a port that is taken.
    """
    servers, endpoints = plan_servers(data, settings, ports)
    host = settings.api_host if "api_host" in settings.model_fields_set else HOST
    if settings.api_port and "api_port" in settings.model_fields_set:
        if not is_free(settings.api_port, host):
            raise PlanError(f"API_PORT={settings.api_port} is taken by another program; choose another one")
        api_port = settings.api_port
    else:
        api_port = ports.pick("api", USUAL_API_PORT, host)
    reached = HOST if host in ("0.0.0.0", "::") else host
    endpoints = replace(
        endpoints,
        api_url=f"http://[{reached}]:{api_port}" if ":" in reached else f"http://{reached}:{api_port}",
        admin_ports={name: ports.pick(f"{name} admin", usual) for name, usual in USUAL_ADMIN_PORTS.items()},
        pid=os.getpid(),
    )
    environment = service_environment(endpoints, data, given)
    stages = tuple(tuple(service_program(name, endpoints, data, environment) for name in stage) for stage in STAGES)
    return Plan((servers, *stages), endpoints, environment)


def _given_objects(settings: Settings) -> ObjectStore:
    if not settings.s3_endpoint or not settings.s3_access_key or not settings.s3_secret_key:
        raise PlanError(
            "CLOUDFLARE_R2_ENDPOINT is set without its keys: set CLOUDFLARE_R2_ACCESS_KEY_ID and "
            "CLOUDFLARE_R2_SECRET_ACCESS_KEY too, or unset it to use the local object store"
        )
    return ObjectStore(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key.get_secret_value(),
        settings.s3_bucket,
        settings.s3_public_url,
    )


def _plan_objects(data: Path, settings: Settings, ports: PortPicker) -> ObjectServer:
    directory = data / "objects"
    directory.mkdir(parents=True, exist_ok=True)
    keys = load_or_create(data)
    port, grpc_port = ports.pick_with_grpc("objects", 8333)
    inner = {part: ports.pick_with_grpc(f"objects {part}", usual) for part, usual in OBJECT_PARTS.items()}
    store = ObjectStore(f"http://{HOST}:{port}", keys.access_key_id, keys.secret_access_key, settings.s3_bucket)
    return ObjectServer(directory, HOST, port, grpc_port, inner, store)
