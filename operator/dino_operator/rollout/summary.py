"""A migration in a few words, for a column of ``kubectl get``."""

from __future__ import annotations

from dino_operator.rollout.step import RolloutState


def summary(state: RolloutState, *, paused: bool = False) -> str | None:
    """Return such as ``ReEmbedding 42 %``; None when there is no migration."""
    migration = state.migration
    if migration is None or migration.phase is None:
        return None
    words = migration.phase
    match migration.phase:
        case "Canary":
            words += f" {state.candidate.weight if state.candidate else 0} %"
        case "ReEmbedding" if migration.percent is not None:
            words += f" {int(migration.percent)} %"
        case "RolledBack" if migration.failed is not None:
            return f"RolledBack: {migration.failed.reason}"
    return f"{words} (paused)" if paused else words
