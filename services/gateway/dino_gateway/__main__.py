"""The gateway as a process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from types import FrameType

import uvicorn

from dino_common.errors import DinoError
from dino_common.logs import configure_logs
from dino_common.settings import Settings, load_settings
from dino_common.telemetry import Telemetry
from dino_gateway.app import Gateway
from dino_gateway.http_protocol import BoundedHttpProtocol

log = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS = 75
# Idle connections count too; requests in work are bounded much lower, with an answer in the envelope.
_CONNECTIONS_PER_REQUEST = 16


class Server(uvicorn.Server):
    """uvicorn that tells the gateway when it has to stop."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        """Serve this gateway."""
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Turn unready, then let requests under way finish."""
        self._gateway.drain()
        super().handle_exit(sig, frame)


def server_config(settings: Settings, gateway: Gateway) -> uvicorn.Config:
    """Return how uvicorn shall serve: fast loop and parser, bounded, quiet about itself."""
    return uvicorn.Config(
        gateway.app,
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.max_concurrency * _CONNECTIONS_PER_REQUEST,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    configure_logs(settings, "gateway")
    telemetry = Telemetry(settings, "gateway")
    gateway = Gateway(settings)
    server = Server(server_config(settings, gateway), gateway)
    # What start-up made stays for good: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    try:
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            server.run()
    finally:
        telemetry.shutdown()
    return 0 if server.started else 1


def main() -> None:
    """Run until SIGTERM."""
    try:
        sys.exit(run(load_settings()))
    except DinoError as error:
        log.error("%s %s", error.message, error.details)
        sys.exit(1)


if __name__ == "__main__":
    main()
