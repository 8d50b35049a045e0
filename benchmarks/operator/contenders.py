"""The two operators as processes, and what is read of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from benchmarks.operator.load import connect, listed, make_resources, make_secret, many, resource
from prometheus_client.parser import text_string_to_metric_families

from dino_local.ports import PortPicker
from dino_operator.kube.client import MERGE
from dino_operator.kube.errors import NotFound
from dino_operator.kube.kinds import CHILDREN, CHILDREN_SELECTOR, Kind

_PATIENCE = 3600.0
_WRITES = ("apply", "patch", "create", "delete")
_MAPS = Kind("v1", "ConfigMap", "configmaps")
Samples = dict[str, list[tuple[dict[str, str], float]]]


async def until(check: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Ask five times a second."""
    deadline = time.monotonic() + _PATIENCE
    while not check():
        if process.poll() is not None:
            raise RuntimeError("the operator ended")
        if time.monotonic() > deadline:
            raise RuntimeError("it does not come to an end")
        await asyncio.sleep(0.2)


def _start(module: str, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    with log.open("a") as said:
        return subprocess.Popen(
            [sys.executable, "-m", module], env={**os.environ, **environment}, stdout=said, stderr=said
        )


def _used(process: subprocess.Popen[bytes]) -> dict[str, float]:
    measured = psutil.Process(process.pid)
    times = measured.cpu_times()
    return {"rss_mb": measured.memory_info().rss / 1e6, "cpu_seconds": times.user + times.system}


def _stop(process: subprocess.Popen[bytes]) -> float:
    began = time.perf_counter()
    process.terminate()
    process.wait(60)
    return time.perf_counter() - began


async def measure_noop(kubeconfig: Path, directory: Path, count: int) -> dict[str, Any]:
    """A kopf operator with handlers that do nothing."""
    client, counted, log = connect(kubeconfig), directory / "handled", directory / "noop.log"

    def handled() -> int:
        text = counted.read_text() if counted.exists() else ""
        return int(text or 0)

    process = _start("benchmarks.operator.noop", log, NOOP_COUNT=str(counted))
    await until(counted.exists, process)
    idle = _used(process)
    began = time.perf_counter()
    await make_resources(client, count)
    await until(lambda: handled() >= count, process)
    found: dict[str, Any] = {"seconds": time.perf_counter() - began, **_used(process), "rss_idle_mb": idle["rss_mb"]}
    found["stop_seconds"] = _stop(process)
    counted.unlink()
    began = time.perf_counter()
    process = _start("benchmarks.operator.noop", log, NOOP_COUNT=str(counted))
    await until(lambda: handled() >= count, process)
    found["restart_seconds"] = time.perf_counter() - began
    _stop(process)
    await client.close()
    return found


class Ours:
    """Our operator, on its own admin port."""

    def __init__(self, directory: Path) -> None:
        self.port = PortPicker(prefer_usual=False).pick("admin", 0)
        self.log = directory / "operator.log"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.process = _start(
            "dino_operator",
            self.log,
            DINO_OPERATOR_ADMIN_PORT=str(self.port),
            DINO_OPERATOR_ADMIN_HOST="127.0.0.1",
            DINO_OPERATOR_LOG_LEVEL="ERROR",
        )
        return self.process

    def samples(self) -> Samples:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, OSError):
            return {}
        found: Samples = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, []).append((sample.labels, sample.value))
        return found

    def total(self, name: str, **labels: str) -> float:
        return _total(self.samples(), name, **labels)


def _total(samples: Samples, name: str, **labels: str) -> float:
    return sum(value for own, value in samples.get(name, []) if labels.items() <= own.items())


def _requests(samples: Samples, *verbs: str) -> float:
    return sum(v for own, v in samples.get("dino_operator_api_requests_total", []) if own["verb"] in verbs)


def _quantile(samples: Samples, share: float) -> float | None:
    buckets = sorted((float(own["le"]), v) for own, v in samples.get("dino_operator_reconcile_seconds_bucket", []))
    total = buckets[-1][1] if buckets else 0
    return next((bound for bound, value in buckets if total and value >= share * total), None)


async def measure_ours(kubeconfig: Path, directory: Path, count: int, nats_url: str) -> dict[str, Any]:
    """Our operator: from nothing to every child, at rest, woken for nothing, and started anew."""
    client = connect(kubeconfig)
    await make_secret(client, nats_url)
    ours = Ours(directory)
    await until(lambda: ours.total("dino_operator_leader") == 1, ours.process)
    idle = _used(ours.process)
    began = time.perf_counter()
    await make_resources(client, count)
    children = await _children_of_one(client, ours)
    await until(
        lambda: ours.total("dino_operator_child_writes_total", action="created") >= count * children, ours.process
    )
    found: dict[str, Any] = {"seconds": time.perf_counter() - began, "children_of_each": children}
    found["objects_per_second"] = count * children / found["seconds"]
    await _rest(ours)
    samples = ours.samples()
    seconds, looks = (_total(samples, f"dino_operator_reconcile_seconds_{part}") for part in ("sum", "count"))
    found["reconcile"] = {
        "looks_for_each": looks / count,
        "mean_ms": 1000 * seconds / looks,
        "p50_below_s": _quantile(samples, 0.5),
        "p95_below_s": _quantile(samples, 0.95),
        "writes_for_each": _requests(samples, *_WRITES) / count,
        "reads_for_each": _requests(samples, "get", "list") / count,
    }
    found |= {**_used(ours.process), "rss_idle_mb": idle["rss_mb"]}
    found["unchanged"] = await _woken(client, ours, count)
    found["stop_seconds"] = _stop(ours.process)
    began = time.perf_counter()
    ours.start()
    await until(lambda: ours.total("dino_operator_reconcile_seconds_count") >= count, ours.process)
    found["restart_seconds"] = time.perf_counter() - began
    samples = ours.samples()
    found["restart_child_writes"] = _total(samples, "dino_operator_child_writes_total")
    found["restart_rss_mb"] = _used(ours.process)["rss_mb"]
    _stop(ours.process)
    await client.close()
    return found


async def _children_of_one(client: Any, ours: Ours) -> int:
    """Count what the first resource gets, once nothing is added any more."""
    name, kinds, last = resource(0)["metadata"]["name"], [choice[-1] for choice in CHILDREN], -1
    while True:
        await until(lambda: ours.total("dino_operator_child_writes_total") > 0, ours.process)
        now = 0
        for kind in kinds:
            if "." in kind.group and not kind.group.endswith("k8s.io"):
                continue
            try:
                selector = f"{CHILDREN_SELECTOR},app.kubernetes.io/instance={name}"
                now += len(await listed(client, kind.path("default"), selector))
            except NotFound:  # a kind that is not served has none
                continue
        if now and now == last:
            return now
        last = now
        await asyncio.sleep(3)


async def _rest(ours: Ours) -> None:
    last, since = -1.0, time.monotonic()
    while time.monotonic() - since < 5:
        now = _requests(ours.samples(), *_WRITES)
        if now != last:
            last, since = now, time.monotonic()
        await asyncio.sleep(0.5)


async def _woken(client: Any, ours: Ours, count: int) -> dict[str, float]:
    """Wake the operator for every resource by a change that is nobody's business."""
    before = ours.samples()
    note = {"metadata": {"annotations": {"example.com/seen": "yes"}}}

    async def touch(number: int) -> None:
        path = _MAPS.path("default", f"{resource(number)['metadata']['name']}-video")
        await client.request("patch", "PATCH", path, body=note, content_type=MERGE)

    began = time.perf_counter()
    await many(count, touch)
    name = "dino_operator_reconcile_seconds_count"
    await until(lambda: ours.total(name) >= _total(before, name) + count, ours.process)
    seconds = time.perf_counter() - began
    after = ours.samples()
    looks = _total(after, name) - _total(before, name)
    spent = _total(after, "dino_operator_reconcile_seconds_sum") - _total(before, "dino_operator_reconcile_seconds_sum")
    reads, writes = (_requests(after, *verbs) - _requests(before, *verbs) for verbs in (("get", "list"), _WRITES))
    # The lease is read as often as it is written, and served APIs are asked for once a minute.
    lease = _requests(after, "update") - _requests(before, "update")
    return {
        "looks": looks,
        "seconds": seconds,
        "mean_ms": 1000 * spent / looks,
        "reads_for_each": max(0.0, reads - lease) / looks,
        "writes_for_each": writes / looks,
    }
