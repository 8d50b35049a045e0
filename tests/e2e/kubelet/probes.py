"""Startup, readiness and liveness probes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.e2e.kubelet.api import Manifest


@dataclass(frozen=True)
class Target:
    """What is probed: a container's process, its address and its surroundings for commands."""

    address: str
    ports: dict[str, int]
    environment: dict[str, str]
    where: Path
    rewritten: Callable[[str], str]
    http: httpx.AsyncClient

    def port(self, wanted: int | str) -> int:
        """Return a port by number or name."""
        return self.ports[wanted] if isinstance(wanted, str) and wanted in self.ports else int(wanted)


async def succeeds(handler: Manifest, target: Target, seconds: float) -> str | None:
    """Carry out a probe or a hook once; return what is wrong, or None.

    Args:
        handler: with ``httpGet``, ``exec``, ``tcpSocket`` or ``sleep``.
        target: whom to ask.
        seconds: how long it may take.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _handler(handler)(handler, target)
    except TimeoutError:
        return f"no answer within {seconds:g} s"


def _handler(handler: Manifest) -> Callable[[Manifest, Target], Awaitable[str | None]]:
    if "httpGet" in handler:
        return _http
    if "exec" in handler:
        return _exec
    return _sleep if "sleep" in handler else _tcp


async def _http(handler: Manifest, target: Target) -> str | None:
    ask = handler["httpGet"]
    host = ask.get("host") or target.address
    url = f"{ask.get('scheme', 'HTTP').lower()}://{host}:{target.port(ask['port'])}/{ask.get('path', '').lstrip('/')}"
    headers = {item["name"]: item["value"] for item in ask.get("httpHeaders") or []}
    try:
        answer = await target.http.get(url, headers={"User-Agent": "kube-probe/test", "Connection": "close"} | headers)
    except httpx.HTTPError as error:
        return f'Get "{url}": {error!r}'
    return None if 200 <= answer.status_code < 400 else f"HTTP probe failed with statuscode: {answer.status_code}"


async def _tcp(handler: Manifest, target: Target) -> str | None:
    ask = handler["tcpSocket"]
    try:
        _, writer = await asyncio.open_connection(ask.get("host") or target.address, target.port(ask["port"]))
    except OSError as error:
        return str(error)
    writer.close()
    return None


async def _exec(handler: Manifest, target: Target) -> str | None:
    command = [target.rewritten(part) for part in handler["exec"]["command"]]
    process = await asyncio.create_subprocess_exec(
        *command,
        env=target.environment,
        cwd=target.where,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return None if process.returncode == 0 else output.decode(errors="replace") or f"exit {process.returncode}"


async def _sleep(handler: Manifest, _: Target) -> str | None:
    await asyncio.sleep(handler["sleep"]["seconds"])
    return None


async def verdicts(probe: Manifest, target: Target, opinion: bool | None) -> AsyncIterator[tuple[bool, str]]:
    """Probe once a period and yield ``(good, why not)`` whenever the opinion changes by the probe's thresholds.

    Args:
        probe: of the container.
        target: whom to ask.
        opinion: before the first probe; None: neither good nor bad.
    """
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    thresholds = {True: probe.get("successThreshold", 1), False: probe.get("failureThreshold", 3)}
    clock = asyncio.get_running_loop()
    last, same = None, 0
    while True:
        started = clock.time()
        wrong = await succeeds(probe, target, probe.get("timeoutSeconds", 1))
        good = wrong is None
        last, same = good, same + 1 if good == last else 1
        if good != opinion and same >= thresholds[good]:
            opinion = good
            yield good, wrong or ""
        await asyncio.sleep(max(0.0, probe.get("periodSeconds", 10) - (clock.time() - started)))
