"""What tests ask of a world."""

from __future__ import annotations

from typing import Any

from tests.unit.operator.rollout.world import World

from dino_operator.observe import ContainerSeen, PodSeen
from dino_operator.render import model_key
from dino_operator.spec.model import Model


def key(model: dict[str, Any]) -> str:
    """Key of a model as a spec names it."""
    return model_key(Model.model_validate(model))


def pods(world: World) -> dict[str, int | None]:
    """Pods by role."""
    assert world.step is not None
    return {version.role: version.replicas for version in world.step.model_versions}


def broken(exit_code: int, message: str, restarts: int, name: str = "weights") -> PodSeen:
    container = ContainerSeen(
        name, name == "weights", restarts=restarts, exit_code=exit_code, ended_reason="Error", ended_message=message
    )
    return PodSeen("pod", "inference", containers=(container,))
