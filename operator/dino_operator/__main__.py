"""The operator's process: ``python -m dino_operator``, configured by ``DINO_OPERATOR_*`` and KUBECONFIG."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys

import uvloop
from kubernetes.config import ConfigException

from dino_common.admin import AdminServer
from dino_common.bus.tasks import end
from dino_common.logs import configure_logs
from dino_common.telemetry import Telemetry
from dino_operator.control.controller import Controller
from dino_operator.kube.client import KubeClient
from dino_operator.kube.credentials import load_credentials
from dino_operator.settings import OperatorSettings, load_settings

log = logging.getLogger(__name__)

_STOP_SECONDS = 8.0


async def serve(settings: OperatorSettings) -> None:
    """Run the operator until SIGTERM or SIGINT.

    Raises:
        kubernetes.config.ConfigException: no cluster is configured.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    credentials = load_credentials()
    client = KubeClient(credentials, timeout=settings.api_timeout_seconds, connections=settings.api_connections)
    controller = Controller(settings, client, credentials.namespace)
    admin = AdminServer(settings.admin_host, settings.admin_port, controller.not_ready)
    await admin.start()
    log.info("looks after %s at %s", ", ".join(settings.namespaces) or "every namespace", credentials.server)
    running, stopping = asyncio.create_task(controller.run()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
    finally:
        log.info("stops")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await end((running, stopping))
                await client.close()
                await admin.stop()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = load_settings()
    platform = settings.platform()
    configure_logs(platform, "operator")
    # What kopf does for each event is told as debugging; that it is not in the main thread is meant.
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
    telemetry = Telemetry(platform, "operator")

    try:
        uvloop.run(serve(settings))
    except ConfigException as error:
        log.error("no cluster: %s. Set KUBECONFIG, or run in a pod.", error)
        sys.exit(1)
    finally:
        telemetry.shutdown()


if __name__ == "__main__":
    main()
