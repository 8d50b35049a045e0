"""``dino-local``: start the platform on this machine, stay in the foreground, stop it with Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from dino_common.settings import Settings
from dino_local.banner import banner, servers_banner
from dino_local.endpoints import FILE_NAME
from dino_local.lock import AlreadyRunning, DataLock
from dino_local.logs import Logs
from dino_local.offspring import Guard
from dino_local.plan import Plan, PlanError, plan_platform, plan_servers
from dino_local.ports import NoFreePort, PortPicker
from dino_local.process import StartFailed
from dino_local.servers import ServerMissing
from dino_local.supervisor import Supervisor


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until stopped; exits 0 after Ctrl-C, 1 when something failed, 2 when refused."""
    options = _parse(arguments)
    data = Path(options.var).resolve()
    try:
        with DataLock(data) as lock:
            plan = _plan(data, options.servers_only, logs := Logs(data / "log", options.verbose))
            lock.describe(plan.endpoints.api_url)
            # A run that was killed could not remove it.
            (data / FILE_NAME).unlink(missing_ok=True)
            guard = Guard(keep_open=(lock.descriptor,))
            try:
                code = asyncio.run(_run(plan, data, logs, guard))
            finally:
                (data / FILE_NAME).unlink(missing_ok=True)
                guard.close()
                logs.close()
    except (AlreadyRunning, PlanError, ServerMissing, NoFreePort, ValidationError) as error:
        print(f"dino-local: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # before the event loop took over the signals
        sys.exit(130)
    sys.exit(code)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dino-local", description=__doc__)
    parser.add_argument("--var", default=os.environ.get("DINO_VAR", "var"), help="data directory (default: ./var)")
    parser.add_argument("--servers-only", action="store_true", help="start the servers, not the services")
    parser.add_argument("-v", "--verbose", action="store_true", help="show every log line of the servers too")
    return parser.parse_args(arguments)


def _plan(data: Path, servers_only: bool, logs: Logs) -> Plan:
    settings = Settings()  # pyright: ignore[reportCallIssue]
    ports = PortPicker()
    if servers_only:
        programs, endpoints = plan_servers(data, settings, ports)
        plan = Plan((programs,), replace(endpoints, pid=os.getpid()), dict(os.environ))
    else:
        plan = plan_platform(data, settings, ports, os.environ)
    for what, usual, chosen in ports.moved:
        logs.say(f"port {usual} is taken: {what} listens on {chosen}")
    for name in plan.endpoints.external:
        logs.say(f"{name} is given by its URL and not started here")
    return plan


async def _run(plan: Plan, data: Path, logs: Logs, guard: Guard) -> int:
    loop = asyncio.get_running_loop()
    supervisor = Supervisor(plan.stages, logs, guard)
    stopping = asyncio.Event()

    def on_signal() -> None:
        if stopping.is_set():
            logs.say("killing what is left")
            supervisor.kill()
        else:
            stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    asked = asyncio.create_task(stopping.wait())
    failed = asyncio.create_task(supervisor.failure())
    code = 0
    try:
        starting = asyncio.create_task(supervisor.start())
        await asyncio.wait({starting, asked, failed}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            plan.endpoints.write(data)
            logs.banner(_banner(plan, data))
            await asyncio.wait({asked, failed}, return_when=asyncio.FIRST_COMPLETED)
        else:
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
        if failed.done():
            logs.say(failed.result())
            code = 1
    except StartFailed as error:
        logs.say(str(error))
        code = 1
    finally:
        stopping.set()
        logs.say("stopping; Ctrl-C again ends it at once")
        await supervisor.stop()
        logs.say("stopped")
        for task in (asked, failed):
            task.cancel()
    return code


def _banner(plan: Plan, data: Path) -> str:
    if plan.endpoints.api_url is None:
        return servers_banner(plan.endpoints, str(data))
    return banner(plan.endpoints, plan.environment, str(data))


if __name__ == "__main__":
    main()
