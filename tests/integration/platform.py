"""The real platform for tests: servers once per run, services as processes of their own, nothing in-process."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from dino_common.settings import Settings
from dino_local.endpoints import Endpoints
from dino_local.offspring import Guard
from dino_local.plan import plan_servers
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.program import Program
from dino_local.services import SERVICES, STAGES, service_environment, service_program

CHECKOUT = Path(__file__).resolve().parents[2]
MODELS = CHECKOUT / "var" / "models"
# Variables of the developer's shell that would send the tests to servers that are not theirs.
FOREIGN = (
    "NATS_URL",
    "REDIS_URL",
    "MONGODB_URL",
    "QDRANT_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "DINOV3_MODEL_NAME",
    "API_HOST",
    "API_PORT",
)
FOREIGN_PREFIXES = ("DINO_", "CLOUDFLARE_R2_", "S3_", "AWS_", "RATE_LIMIT_")
# Tests ask faster than people; the limits have tests of their own.
TEST_SETTINGS = {
    "RATE_LIMIT_DEFAULT": "1000000",
    "RATE_LIMIT_UPLOAD": "1000000",
    "RATE_LIMIT_BATCH": "1000000",
    "DINO_DRAIN_SECONDS": "5",
}
_numbers = itertools.count(1)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings of the platform."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith(FOREIGN_PREFIXES)
    }


@dataclass
class Servers:
    """The four servers, running; ``endpoints`` says where."""

    directory: Path
    endpoints: Endpoints
    guard: Guard
    children: dict[str, Child]

    @classmethod
    async def start(cls, directory: Path) -> Servers:
        """Start NATS, Redis, MongoDB and the object store on free ports, with their data in ``directory``."""
        # Constructed, not read: nothing of the developer's environment replaces a server.
        settings = Settings.model_construct()
        programs, endpoints = plan_servers(directory, settings, PortPicker(prefer_usual=False))
        servers = cls(directory, endpoints, Guard(), {})
        for program in programs:
            servers.children[program.name] = servers.child(program)
        await asyncio.gather(*(child.start() for child in servers.children.values()))
        await asyncio.gather(*(child.wait_ready() for child in servers.children.values()))
        return servers

    def child(self, program: Program) -> Child:
        """Return a child whose output goes to a file: tests do not always run the event loop."""
        return Child(program, log_file=self.directory / "log" / f"{program.name}.log", guard=self.guard)

    async def kill(self, name: str) -> None:
        """``kill -9`` one server and wait until it is gone."""
        self.children[name].signal(signal.SIGKILL)
        await self.children[name].wait()

    async def restart(self, name: str) -> None:
        """Start a stopped or killed server again on its data and its port, and wait until it works."""
        self.children[name] = self.child(self.children[name].program)
        await self.children[name].start()
        await self.children[name].wait_ready()

    async def stop(self) -> None:
        """Stop all four."""
        await asyncio.gather(*(child.stop() for child in self.children.values()))
        self.guard.close()


@dataclass
class Platform:
    """The four services as real processes, apart from other platforms by prefix, database, bucket and index.

    Args:
        servers: what they connect to.
        name: deployment, part of every bus subject.
        directory: index and logs.
        endpoints: addresses, with this platform's own bucket, database and ports.
        environment: what each service gets.
    """

    servers: Servers
    name: str
    directory: Path
    endpoints: Endpoints
    environment: dict[str, str]
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/api/v1``."""
        return f"{self.origin}/api/v1"

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        assert self.endpoints.api_url is not None
        return self.endpoints.api_url

    def admin_url(self, service: str) -> str:
        """Return the address of a service's own small HTTP server."""
        assert self.endpoints.admin_ports is not None
        return f"http://127.0.0.1:{self.endpoints.admin_ports[service]}"

    def client(self, **options: Any) -> httpx.AsyncClient:
        """Return an HTTP client whose base is ``/api/v1``; the caller closes it."""
        options.setdefault("timeout", 60)
        return httpx.AsyncClient(base_url=self.base_url, trust_env=False, **options)

    async def start(self, *services: str) -> None:
        """Make the bucket, then start the named services (all when none is named), stage after stage."""
        await asyncio.to_thread(self._make_bucket)
        wanted = services or SERVICES
        for stage in STAGES:
            named = [service for service in stage if service in wanted]
            for service in named:
                await self._launch(service)
            await asyncio.gather(*(self.wait_ready(service) for service in named))

    async def kill(self, service: str) -> None:
        """``kill -9`` a service and wait until it is gone."""
        self.children[service].signal(signal.SIGKILL)
        await self.children[service].wait()

    async def terminate(self, service: str) -> bool:
        """Stop a service with SIGTERM; False when it had to be killed."""
        return await self.children[service].stop()

    async def restart(self, service: str, **changes: str) -> None:
        """Stop a service if it runs, and start it again with changed environment variables; wait until ready."""
        if self.children[service].alive:
            await self.terminate(service)
        self.environment |= changes
        await self._launch(service)
        await self.wait_ready(service)

    async def wait_ready(self, service: str) -> float:
        """Wait for the service's readiness; return the seconds it took."""
        return await self.children[service].wait_ready()

    def log(self, service: str) -> str:
        """Return everything the service has written."""
        path = self._log_file(service)
        return path.read_text(errors="replace") if path.exists() else ""

    def tails(self, lines: int = 20) -> str:
        """Return the last lines of every service, for the report of a failed test."""
        parts = []
        for service in self.children:
            last = self.log(service).splitlines()[-lines:]
            parts.append("\n".join((f"--- {service} ({self._log_file(service)})", *last)))
        return "\n".join(parts)

    async def stop(self) -> None:
        """Stop the services, the gateway first."""
        for stage in reversed(STAGES):
            await asyncio.gather(*(self.children[name].stop() for name in stage if name in self.children))

    def _make_bucket(self) -> None:
        store = self.endpoints.objects
        client = boto3.client(
            "s3",
            endpoint_url=store.endpoint,
            aws_access_key_id=store.access_key_id,
            aws_secret_access_key=store.secret_access_key,
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=store.bucket)

    async def _launch(self, service: str) -> None:
        program = service_program(service, self.endpoints, self.directory, self.environment)
        child = Child(program, log_file=self._log_file(service), guard=self.servers.guard)
        self.children[service] = child
        await child.start()

    def _log_file(self, service: str) -> Path:
        return self.directory / "log" / f"{service}.log"


def plan_test_platform(servers: Servers, directory: Path, changes: Mapping[str, str]) -> Platform:
    """Return a platform of its own on the shared servers; nothing runs yet.

    Args:
        servers: shared by the whole run.
        directory: index and logs of this platform; made when absent.
        changes: environment variables of this platform, such as ``DINOV3_MODEL_NAME``.
    """
    name = f"test{os.getpid()}-{next(_numbers)}"
    directory.mkdir(parents=True, exist_ok=True)
    ports = PortPicker(prefer_usual=False)
    shared = servers.endpoints
    endpoints = replace(
        shared,
        mongodb_url=shared.mongodb_url.replace("/dinov3_db?", f"/{name}?"),
        objects=replace(shared.objects, bucket=name),
        api_url=f"http://127.0.0.1:{ports.pick('api', 3012)}",
        admin_ports={service: ports.pick(service, 3013) for service in SERVICES},
    )
    given = clean_environment() | TEST_SETTINGS | {"DINO_DEPLOYMENT": name, "DINO_CACHE_DIR": str(MODELS)}
    environment = service_environment(endpoints, directory, given | dict(changes))
    return Platform(servers, name, directory, endpoints, environment)
