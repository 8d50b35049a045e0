"""The bundled stores' configuration, run by the same programs that the images hold, is what the Secret says."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nats
import pytest
import redis.asyncio as redis
from nats.errors import Error as NatsError
from tests.integration.chart.helm import Helm, one

from dino_local import checks
from dino_local.endpoints import ObjectStore
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.program import Program
from dino_local.servers import RedisServer

SCRIPTS = Path(sys.executable).parent


class Store:
    """A store of a rendered release: its container and the Secret of the connections."""

    def __init__(self, part: str) -> None:
        objects = Helm().template(**{"bundled.enabled": True})
        self.secret: dict[str, str] = one(objects, "Secret", "-connections")["stringData"]
        stateful = one(objects, "StatefulSet", f"-{part}")
        self.container: dict[str, Any] = stateful["spec"]["template"]["spec"]["containers"][0]
        self.service = one(objects, "Service", f"-{part}")
        self.maps = {item["metadata"]["name"]: item["data"] for item in objects if item["kind"] == "ConfigMap"}
        self.port = PortPicker(prefer_usual=False).pick(part, 0)
        self.environment = {item["name"]: self._value(item) for item in self.container["env"]}

    def _value(self, item: dict[str, Any]) -> str:
        source = item.get("valueFrom", {})
        if "secretKeyRef" in source:
            return self.secret[source["secretKeyRef"]["key"]]
        return "127.0.0.1" if source else item["value"]

    def arguments(self, **places: str) -> list[str]:
        """The arguments with variables filled in, as the kubelet does, and other places in place of the image's."""
        expanded = [re.sub(r"\$\((\w+)\)", lambda m: self.environment[m[1]], a) for a in self.container["args"]]
        return [re.sub("|".join(map(re.escape, places)), lambda m: places[m[0]], a) for a in expanded]

    def url(self, key: str) -> str:
        """An address of the Secret, on this machine."""
        host = urlsplit(self.secret[key]).hostname
        service = self.service["metadata"]
        assert host == f"{service['name']}.{service['namespace']}.svc"
        return re.sub(rf"{re.escape(host)}:\d+", f"127.0.0.1:{self.port}", self.secret[key])


@asynccontextmanager
async def running(program: Program) -> AsyncIterator[None]:
    child = Child(program, log_file=program.directory / "store.log")
    await child.start()
    try:
        await child.wait_ready()
        yield
    finally:
        await child.stop()


async def test_nats_lets_in_whom_the_secret_names(tmp_path: Path) -> None:
    store = Store("nats")
    name = store.container["volumeMounts"][2]["name"]
    assert name == "configuration"
    text = store.maps[store.service["metadata"]["name"]]["nats-server.conf"]
    monitor = PortPicker(prefer_usual=False).pick("monitor", 0)
    for old, new in {"4222": store.port, "8222": monitor, "/data": tmp_path, "/tmp/nats.pid": tmp_path / "pid"}.items():
        text = text.replace(old, str(new))
    (tmp_path / "nats-server.conf").write_text(text)
    command = (str(SCRIPTS / "nats-server"), *store.arguments(**{"/etc/nats": str(tmp_path)}))
    url = store.url("NATS_URL")
    program = Program("nats", "server", command, store.environment, lambda: checks.check_nats(url), url, tmp_path)
    async with running(program):
        connected = await nats.connect(url)
        assert connected.max_payload == 8 * 1024 * 1024
        assert (await connected.jetstream().account_info()).streams == 0
        await connected.close()
        with pytest.raises(NatsError):
            await nats.connect(f"nats://127.0.0.1:{store.port}", allow_reconnect=False, connect_timeout=2)


async def test_valkey_asks_for_the_password_of_the_secret(tmp_path: Path) -> None:
    store = Store("valkey")
    binary = RedisServer(tmp_path, "127.0.0.1", store.port).program().command[0]
    arguments = store.arguments(**{"/data": str(tmp_path)})
    assert arguments[0] == "valkey-server"
    command = (binary, *arguments[1:], "--bind", "127.0.0.1", "--port", str(store.port))
    url = store.url("REDIS_URL")
    program = Program("valkey", "server", command, store.environment, lambda: checks.check_redis(url), url, tmp_path)
    async with running(program):
        async with redis.from_url(url) as allowed:
            assert (await allowed.config_get("maxmemory-policy"))["maxmemory-policy"] == "allkeys-lru"
        async with redis.from_url(f"redis://127.0.0.1:{store.port}") as stranger:
            with pytest.raises(redis.AuthenticationError):
                await stranger.ping()


async def test_the_object_store_has_the_bucket_and_the_keys_of_the_secret(tmp_path: Path) -> None:
    store = Store("objects")
    ports = PortPicker(prefer_usual=False)
    grpc = [f"-s3.port.grpc={ports.pick('s3', 0)}", f"-s3.port={store.port}"]
    for part in ("master", "volume", "filer", "admin"):
        http, own = ports.pick_with_grpc(part, 0)
        grpc += [f"-{part}.port={http}", f"-{part}.port.grpc={own}"]
    sockets = ["-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"]
    command = (str(SCRIPTS / "weed"), *store.arguments(**{"/data": str(tmp_path)}), *sockets, *grpc)
    found = ObjectStore(
        store.url("CLOUDFLARE_R2_ENDPOINT"),
        store.secret["CLOUDFLARE_R2_ACCESS_KEY_ID"],
        store.secret["CLOUDFLARE_R2_SECRET_ACCESS_KEY"],
        store.secret["CLOUDFLARE_R2_BUCKET_NAME"],
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **store.environment}
    program = Program(
        "objects", "server", command, environment, lambda: checks.check_objects(found), found.endpoint, tmp_path
    )
    async with running(program):
        # The check wrote into the bucket and read it back.
        assert found.bucket == "media"


def test_mongodb_is_named_as_it_is_set_up() -> None:
    store = Store("mongodb")
    url = urlsplit(store.url("MONGODB_URL"))
    assert url.username == store.environment["MONGO_INITDB_ROOT_USERNAME"]
    assert url.password == store.environment["MONGO_INITDB_ROOT_PASSWORD"]
    assert {"authSource=admin", "w=majority", "journal=true"} == set(url.query.split("&"))
    assert url.path == "/dinov3_db"


def test_passwords_are_never_taken_for_numbers() -> None:
    for _ in range(3):
        passwords = [text for name, text in Store("nats").secret.items() if name.endswith("_PASSWORD")]
        assert all(re.fullmatch(r"[a-z][A-Za-z0-9]{31}", text) for text in passwords)
        assert len(set(passwords)) == len(passwords) == 4
