"""What one look at the rollout decides: frozen values that the caller carries out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dino_common.contracts.rollout import Rollout
from dino_operator.render.facts import ModelVersion
from dino_operator.spec.status import MigrationStatus, ModelStatus, VersionStatus


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened once, for the resource's events."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for the services; its answer belongs into the next `BusSeen`, under the same key.

    Attributes:
        kind: ``self-test`` of a pod of the version, or ``compare`` of this candidate with the serving version.
        key: model key.
    """

    kind: Literal["self-test", "compare"]
    key: str


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The rollout's part of the status: all that the next look needs to go on."""

    versions: tuple[VersionStatus, ...]
    model: ModelStatus
    migration: MigrationStatus | None = None

    @property
    def serving(self) -> VersionStatus:
        """The version that answers clients."""
        return next(version for version in self.versions if version.role == "serving")

    @property
    def candidate(self) -> VersionStatus | None:
        """The version on its way."""
        return next((version for version in self.versions if version.role == "candidate"), None)

    @property
    def previous(self) -> VersionStatus | None:
        """The version kept for a return."""
        return next((version for version in self.versions if version.role == "previous"), None)


@dataclass(frozen=True, slots=True)
class Step:
    """The decision.

    Attributes:
        state: to be persisted before anything else is done; computing from it again gives the same decision.
        model_versions: for `render.Facts`.
        rollout: for the key-value bucket.
        events: to be recorded once, when the state has been persisted.
        asks: to be sent when none of the same kind and key is under way.
        requeue_after: seconds until the next look even if nothing is seen to change; None: no need.
    """

    state: RolloutState
    model_versions: tuple[ModelVersion, ...]
    rollout: Rollout
    events: tuple[Event, ...] = ()
    asks: tuple[Ask, ...] = ()
    requeue_after: float | None = None
