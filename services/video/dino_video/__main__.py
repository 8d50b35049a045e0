"""The video service as a process; it answers its readiness."""

from __future__ import annotations

import sys

from dino_common import __version__
from dino_common.bus.context import Context
from dino_common.contracts import Service
from dino_common.contracts.internal import ServiceStatus, StatusRequest
from dino_common.runtime import Runtime, run
from dino_common.settings import load_settings


async def setup(runtime: Runtime) -> None:
    """Register the handlers."""

    async def status(context: Context, request: StatusRequest) -> ServiceStatus:
        reasons = await runtime.not_ready()
        return ServiceStatus(
            service="video",
            instance=runtime.settings.instance,
            version=__version__,
            ready=not reasons,
            reasons=reasons,
        )

    runtime.handlers = {"video-status": status}


def main() -> None:
    """Run until SIGTERM."""
    sys.exit(run(load_settings(), Service.VIDEO, setup))


if __name__ == "__main__":
    main()
