"""Which model versions run, which one answers, and how a change of the model gets there. Pure: no I/O."""

from dino_operator.rollout.advance import advance
from dino_operator.rollout.step import Ask, Event, RolloutState, Step

__all__ = ["Ask", "Event", "RolloutState", "Step", "advance"]
