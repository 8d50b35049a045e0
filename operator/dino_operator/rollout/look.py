"""One look at the rollout, and how a part of it answers: a changed state with what is to be told and asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dino_operator.observe import InferenceSeen, Seen
from dino_operator.rollout.clock import moment
from dino_operator.rollout.step import Ask, Event, RolloutState
from dino_operator.spec.deployment import DinoDeployment
from dino_operator.spec.model import Model
from dino_operator.spec.status import MigrationStatus, VersionStatus


@dataclass(frozen=True, slots=True)
class Look:
    """What a decision rests on, beside the state."""

    resource: DinoDeployment
    seen: Seen
    now: datetime

    @property
    def model(self) -> Model:
        """The model that is wanted."""
        return self.resource.spec.model

    def answers(self, key: str) -> tuple[InferenceSeen, ...]:
        """What the pods of a version say that are ready and have their model."""
        return tuple(s for s in self.seen.bus.inference.get(key, ()) if s.ready and s.model_version is not None)

    def ready(self, key: str) -> int:
        """How many pods of a version the cluster calls ready."""
        deployment = self.seen.inference(key)
        return deployment.ready if deployment is not None else 0


@dataclass(frozen=True, slots=True)
class Move:
    """An answer: the state from now on.

    Attributes:
        after: seconds until the next look; 0: there is more to do at once; None: no need of one.
    """

    state: RolloutState
    events: tuple[Event, ...] = ()
    asks: tuple[Ask, ...] = ()
    after: float | None = None


def with_migration(state: RolloutState, **changes: Any) -> RolloutState:
    """Return the state with some fields of the migration changed."""
    migration = state.migration or MigrationStatus.model_validate({})
    return replace(state, migration=migration.model_copy(update=changes))


def with_version(state: RolloutState, key: str, **changes: Any) -> RolloutState:
    """Return the state with some fields of a version changed."""
    versions = tuple(v.model_copy(update=changes) if v.key == key else v for v in state.versions)
    return replace(state, versions=versions)


def enter(state: RolloutState, phase: str, look: Look, **changes: Any) -> RolloutState:
    """Return the state in another phase, without what belonged to the one before."""
    cleared = {"step": None, "step_since": None, "baseline": None, "waiting": None, "deadline": None}
    return with_migration(state, **(cleared | {"phase": phase, "since": moment(look.now)} | changes))


def waits(state: RolloutState, why: str | None, after: float, asks: Iterable[Ask] = ()) -> Move:
    """Return the state as it is, with what it waits for (None: nothing unusual)."""
    return Move(with_migration(state, waiting=why), asks=tuple(asks), after=after)


def name_of(version: VersionStatus) -> str:
    """Return what people call a version: as features carry it, else as the spec names it."""
    if version.model_version is not None:
        return version.model_version
    model = Model.model_validate(version.model)
    name = model.name or "the built-in model"
    return f"{name} {model.version}" if model.version else name
