"""A worker process for the tests: answers video-status after the seconds named in its argument."""

from __future__ import annotations

import asyncio
import signal
import sys

from answering import answering

from dino_common.bus.connection import Connection
from dino_common.bus.service import BusService
from dino_common.contracts import Service
from dino_common.contracts.internal import ServiceStatus
from dino_common.settings import load_settings


async def main(name: str, seconds: float) -> None:
    """Serve until SIGTERM, then drain; say on stdout what happens."""
    connection = Connection(load_settings(), name)
    await connection.open()

    async def status(context: object, request: object) -> ServiceStatus:
        print("busy", flush=True)
        await asyncio.sleep(seconds)
        return ServiceStatus(service="video", instance=name, version="1", ready=True)

    service = BusService(connection, Service.VIDEO, answering("video-status", status), keepalive=0.1)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await service.start()
    await connection.client.flush()
    print("ready", flush=True)
    await stop.wait()
    await service.drain(10)
    await connection.close()
    print("drained", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
