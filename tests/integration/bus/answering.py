"""A service that answers one operation and, so that its handlers are complete, refuses all others."""

from __future__ import annotations

from typing import Any

from dino_common.bus.service import Handler
from dino_common.contracts import Service, on_bus
from dino_common.errors import ProcessingFailed


async def _refuse(context: Any, request: Any) -> Any:
    raise ProcessingFailed("nobody asks this here")


def answering(name: str, handler: Handler, service: Service = Service.VIDEO) -> dict[str, Handler]:
    """Return a handler for every operation of the service that is no job."""
    return {op.name: _refuse for op in on_bus(service) if not op.job} | {name: handler}
