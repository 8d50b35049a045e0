"""What a process does by the part that its model version has in the rollout."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dino_common.contracts.rollout import Rollout


class Role(StrEnum):
    """Part of a model version in the rollout."""

    SERVING = "serving"
    DARK = "dark"
    CANARY = "canary"
    REEMBED = "reembed"
    PREVIOUS = "previous"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Duties:
    """What a role does beside answering whoever asks its version by name, which every role does.

    Attributes:
        jobs: takes jobs off the queue.
        uploads: extracts new uploads.
        sweep: embeds what the library has without features of this version.
        deletions: clears what a deleted content leaves.
        mirrored: does copies of the serving version's requests.
        retirement: removes the features of retired versions.
    """

    jobs: bool = False
    uploads: bool = False
    sweep: bool = False
    deletions: bool = False
    mirrored: bool = False
    retirement: bool = False


_DUTIES: dict[Role, Duties] = {
    Role.SERVING: Duties(jobs=True, uploads=True, sweep=True, deletions=True, retirement=True),
    Role.CANARY: Duties(deletions=True, mirrored=True),
    Role.REEMBED: Duties(uploads=True, sweep=True, deletions=True),
    Role.DARK: Duties(),
    Role.PREVIOUS: Duties(),
    Role.WAITING: Duties(),
}


def role_of(rollout: Rollout | None, key: str | None) -> Role:
    """Return the role of a model version.

    Args:
        rollout: as last seen; None before the operator wrote one.
        key: of this process; None where no operator runs it, and it serves.
    """
    if not key:
        return Role.SERVING
    if rollout is None:
        return Role.WAITING
    if key == rollout.serving:
        return Role.SERVING
    if key == rollout.candidate and rollout.phase is not None:
        return Role(rollout.phase)
    return Role.PREVIOUS if key == rollout.previous else Role.WAITING


def duties_of(role: Role) -> Duties:
    """Return what a role does."""
    return _DUTIES[role]
