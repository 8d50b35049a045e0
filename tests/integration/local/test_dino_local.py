"""``dino-local`` as a user runs it: a process of its own, real servers, real signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pymongo
import pytest
import redis
from botocore.config import Config
from tests.integration.platform import clean_environment


class Run:
    """One ``dino-local --servers-only`` on a data directory."""

    def __init__(self, var: Path, environment: dict[str, str] | None = None) -> None:
        self.var = var
        self._output = var.parent / f"{var.name}-{time.monotonic_ns()}.out"
        with self._output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dino_local", "--servers-only", "--var", str(var)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=clean_environment() | (environment or {}),
                cwd=var.parent,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def endpoints(self) -> dict[str, Any]:
        return json.loads((self.var / "endpoints.json").read_text())

    def wait_for(self, text: str) -> None:
        until(lambda: text in self.output or self.process.poll() is not None)
        assert text in self.output, self.output

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def server(self, command: str) -> psutil.Process:
        return next(child for child in self.family() if any(command in part for part in child.cmdline()))

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        for process in processes
        if psutil.pid_exists(process.pid)
    )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def begin(name: str = "var", **environment: str) -> Run:
        run = Run(tmp_path / name, environment)
        runs.append(run)
        return run

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(40)


def started(run: Run) -> Run:
    run.wait_for("The servers answer")
    return run


def test_interrupt_stops_every_child_and_exits_cleanly(start: Callable[..., Run]) -> None:
    run = started(start())
    family = run.family()
    assert len(family) >= 5  # four servers and the guard
    assert run.interrupt() == 0
    assert gone(family)
    assert "stopped" in run.output
    assert not (run.var / "endpoints.json").exists()


def test_second_run_on_the_same_data_is_refused(start: Callable[..., Run]) -> None:
    first = started(start())
    second = start()
    assert second.process.wait(40) == 2
    assert f"already running: process {first.process.pid}" in second.output
    assert first.process.poll() is None


def test_killed_run_leaves_no_orphan_and_the_next_one_starts(start: Callable[..., Run]) -> None:
    first = started(start())
    family = first.family()
    first.process.kill()
    first.process.wait()
    second = started(start())
    assert gone(family)
    assert second.interrupt() == 0


def test_taken_port_is_replaced_and_said(start: Callable[..., Run]) -> None:
    try:
        blocker = socket.create_server(("127.0.0.1", 6379))
    except OSError:
        blocker = None  # something of this machine listens there already, which serves as well
    try:
        run = started(start())
        assert "port 6379 is taken: redis listens on" in run.output
        assert ":6379/" not in run.endpoints["redis_url"]
        assert redis.Redis.from_url(run.endpoints["redis_url"]).ping()
    finally:
        if blocker is not None:
            blocker.close()


def test_data_is_kept_between_runs_also_on_other_ports(start: Callable[..., Run]) -> None:
    first = started(start())
    where = first.endpoints
    redis.Redis.from_url(where["redis_url"]).set("kept", "yes")
    with pymongo.MongoClient[dict[str, Any]](where["mongodb_url"]) as mongo:
        mongo.get_default_database()["kept"].insert_one({"_id": "one", "value": 1})
    body = os.urandom(300_000)
    objects(where).put_object(Bucket="media", Key="media/kept.bin", Body=body)
    assert first.interrupt() == 0

    ports = (int(url.rsplit(":", 1)[1].split("/")[0]) for url in (where["objects"]["endpoint"], where["mongodb_url"]))
    blockers = [socket.create_server(("127.0.0.1", port)) for port in ports]
    try:
        now = started(start()).endpoints
        assert now["objects"]["endpoint"] != where["objects"]["endpoint"]
        assert redis.Redis.from_url(now["redis_url"]).get("kept") == b"yes"
        with pymongo.MongoClient[dict[str, Any]](now["mongodb_url"]) as mongo:
            assert mongo.get_default_database()["kept"].find_one({"_id": "one"}) == {"_id": "one", "value": 1}
        assert objects(now).get_object(Bucket="media", Key="media/kept.bin")["Body"].read() == body
    finally:
        for blocker in blockers:
            blocker.close()


def test_killed_server_comes_back_with_its_data(start: Callable[..., Run]) -> None:
    run = started(start())
    client = redis.Redis.from_url(run.endpoints["redis_url"])
    client.set("kept", "yes")
    run.server("valkey-server").kill()
    run.wait_for("redis ready again")
    assert "redis was killed by SIGKILL" in run.output
    assert client.get("kept") == b"yes"


def test_server_given_by_url_is_not_started(start: Callable[..., Run]) -> None:
    run = started(start(REDIS_URL="redis://127.0.0.1:1/0"))
    assert "redis is given by its URL" in run.output
    assert run.endpoints["redis_url"] == "redis://127.0.0.1:1/0"
    assert not any("valkey-server" in part for child in run.family() for part in child.cmdline())


def test_server_that_cannot_start_ends_the_run_with_its_reason(start: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "var" / "redis" / "appendonlydir").mkdir(parents=True)
    manifest = tmp_path / "var" / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("this is no manifest\n")
    run = start()
    assert run.process.wait(60) == 1
    assert "redis ended with status 1 before it was ready" in run.output
    assert "manifest" in run.output


def test_nothing_listens_beyond_this_machine(start: Callable[..., Run]) -> None:
    run = started(start())
    listening = [
        connection.laddr.ip
        for child in run.family()
        for connection in child.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def objects(endpoints: dict[str, Any]) -> Any:
    store = endpoints["objects"]
    return boto3.client(
        "s3",
        endpoint_url=store["endpoint"],
        aws_access_key_id=store["access_key_id"],
        aws_secret_access_key=store["secret_access_key"],
        region_name="us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
