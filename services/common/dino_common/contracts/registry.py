"""Every operation of the platform, by name and by owner, and the checks that hold at start-up."""

from __future__ import annotations

from collections.abc import Iterable

from . import (
    assets,
    batches,
    categories,
    category_thresholds,
    character_generation,
    character_profile,
    character_verdicts,
    characters,
    configuration,
    continuity,
    correspondences,
    derived,
    discovery,
    explain,
    features,
    image_text,
    internal,
    jobs,
    judgement,
    look,
    people,
    pixels,
    plausibility,
    recommend,
    search,
    search_by_image,
    semantic,
    sets,
    shot_library,
    shots,
    style,
    system,
    text,
    tracking,
    video_score,
    webhooks,
)
from .drawing import Drawing
from .operation import Operation, Service

_GROUPS = (
    assets,
    features,
    judgement,
    explain,
    search,
    search_by_image,
    semantic,
    recommend,
    shots,
    shot_library,
    tracking,
    continuity,
    video_score,
    characters,
    character_verdicts,
    character_generation,
    character_profile,
    categories,
    category_thresholds,
    sets,
    batches,
    jobs,
    configuration,
    webhooks,
    system,
    text,
    pixels,
    people,
    image_text,
    derived,
    internal,
    look,
    style,
    discovery,
    correspondences,
    plausibility,
)


class ContractError(RuntimeError):
    """The declarations or the handlers of a service do not fit together; the process must not start."""


def _collect() -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    routes: dict[tuple[str, str], str] = {}
    for group in _GROUPS:
        for operation in group.OPERATIONS:
            if operation.name in found:
                raise ContractError(f"operation {operation.name!r} is declared twice")
            if operation.method and operation.path:
                route = (operation.method, operation.path)
                if route in routes:
                    raise ContractError(f"{route} belongs to {routes[route]!r} and to {operation.name!r}")
                routes[route] = operation.name
            if operation.drawing is not None and operation.drawing not in (operation.response or Drawing).model_fields:
                raise ContractError(f"operation {operation.name!r}: its answer has no field {operation.drawing!r}")
            missing = [f for f in operation.path_fields if f not in operation.request.model_fields]
            if missing:
                raise ContractError(f"operation {operation.name!r}: path fields {missing} not in its request model")
            found[operation.name] = operation
    return found


OPERATIONS: dict[str, Operation] = _collect()


def owned_by(service: Service) -> tuple[Operation, ...]:
    """Return the operations of a service."""
    return tuple(op for op in OPERATIONS.values() if op.service is service)


def on_bus(service: Service) -> tuple[Operation, ...]:
    """Return those that it answers on the bus: all of them, but of the gateway's only what has no route."""
    return tuple(op for op in owned_by(service) if service is not Service.GATEWAY or not op.is_public)


def check_handlers(service: Service, handlers: Iterable[str], owned_operations: Iterable[Operation]) -> None:
    """Raise ContractError unless the handlers are exactly those of these operations of the service."""
    owned = {op.name for op in owned_operations}
    have = set(handlers)
    if missing := sorted(owned - have):
        raise ContractError(f"{service} has no handler for: {', '.join(missing)}")
    if foreign := sorted(have - owned):
        raise ContractError(f"{service} handles operations it does not own: {', '.join(foreign)}")
