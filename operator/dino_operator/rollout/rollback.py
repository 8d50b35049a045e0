"""Sending a candidate back, and remembering why."""

from __future__ import annotations

from dataclasses import replace

from dino_operator.rollout.clock import moment
from dino_operator.rollout.look import Look, Move, name_of
from dino_operator.rollout.recovery import new_migration
from dino_operator.rollout.step import Event, RolloutState
from dino_operator.rollout.target import release
from dino_operator.spec.status import RefusedTarget


def roll_back(state: RolloutState, look: Look, reason: str, why: str) -> Move:
    """Return the move that gives the candidate up.

    Args:
        state: with a candidate.
        look: what is seen.
        reason: one of `status.reasons.Reason`.
        why: one or more sentences.
    """
    candidate, migration = state.candidate, state.migration or new_migration()
    assert candidate is not None
    message = (
        f"{why} {name_of(state.serving)} goes on serving. {name_of(candidate)} is not tried again until spec.model "
        "changes."
    )
    refused = RefusedTarget(
        key=candidate.key,
        target=name_of(candidate),
        reason=reason,
        message=message,
        time=moment(look.now),
        model=candidate.model,
    )
    kept = new_migration(
        phase="RolledBack",
        key=candidate.key,
        target=name_of(candidate),
        since=moment(look.now),
        error_rate=migration.error_rate,
        latency_ratio=migration.latency_ratio,
        measured=migration.measured,
        neighbour_agreement=migration.neighbour_agreement,
        failed=refused,
    )
    state = replace(release(state, look), migration=kept)
    return Move(state, (Event("Warning", "RolledBack", f"{reason}: {message}"),), after=0)
