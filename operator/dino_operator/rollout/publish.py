"""The rollout as the services read it in the key-value bucket."""

from __future__ import annotations

from dino_common.contracts.rollout import Phase, Rollout
from dino_operator.rollout.step import RolloutState

_PHASES: dict[str, Phase] = {"Canary": "canary", "ReEmbedding": "reembed"}


def rollout_of(state: RolloutState) -> Rollout:
    """Return what the services are told of a state."""
    candidate, previous = state.candidate, state.previous
    phase: Phase | None = None
    if candidate is not None:
        phase = _PHASES.get((state.migration and state.migration.phase) or "", "dark")
    return Rollout(
        serving=state.serving.key,
        candidate=candidate.key if candidate else None,
        phase=phase,
        mirror_percent=float(candidate.weight) if candidate and phase == "canary" else 0.0,
        previous=previous.key if previous else None,
        retired=tuple(state.model.retired or ()),
    )
