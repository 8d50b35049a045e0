"""The canary: the candidate repeats a share of the serving version's work, step by step, and is measured."""

from __future__ import annotations

from dino_operator.rollout.clock import instant, moment, seconds_since, span
from dino_operator.rollout.look import Look, Move, enter, name_of, waits, with_migration, with_version
from dino_operator.rollout.measure import ENOUGH, Measured, baseline, since
from dino_operator.rollout.rollback import roll_back
from dino_operator.rollout.step import Ask, Event, RolloutState
from dino_operator.spec.inference import CanaryStep
from dino_operator.spec.status import MigrationStatus, VersionStatus

_LOOK_SECONDS = 5.0


def begin_step(state: RolloutState, look: Look, index: int) -> Move:
    """Return the move into a step; into re-embedding when there is none of that number."""
    candidate = _candidate(state)
    steps = look.resource.spec.inference.rollout.canary.steps
    if index >= len(steps):
        message = f"{name_of(candidate)} embeds the library."
        state = with_version(enter(state, "ReEmbedding", look), candidate.key, weight=0)
        return Move(state, (Event("Normal", "ReEmbeddingStarted", message),), after=0)
    step = steps[index]
    if state.migration is None or state.migration.phase != "Canary":
        state = enter(state, "Canary", look)
    state = with_migration(
        with_version(state, candidate.key, weight=step.weight),
        step=index,
        step_since=moment(look.now),
        baseline=baseline(look.seen.bus.inference, (candidate.key, state.serving.key)),
        waiting=None,
    )
    message = (
        f"{name_of(candidate)} repeats {step.weight} % of the work of {name_of(state.serving)}, unseen by clients."
    )
    return Move(state, (Event("Normal", "CanaryStep", message),), after=0)


def watch_canary(state: RolloutState, look: Look) -> Move:
    """Return the move of a step under way: on, back, or a while longer."""
    candidate, migration = _candidate(state), _migration(state)
    canary, index = look.resource.spec.inference.rollout.canary, migration.step or 0
    if index >= len(canary.steps):
        return begin_step(state, look, index)
    step = canary.steps[index]
    if step.weight != candidate.weight:
        state = with_version(state, candidate.key, weight=step.weight)
    done, reference = _measure(state, look)
    state = _noted(state, look, done, reference)
    over = seconds_since(migration.step_since, look.now) >= span(step.pause).total_seconds()
    if (fault := _failed(state, look, done, over)) is not None:
        return roll_back(state, look, *fault)
    if not look.answers(candidate.key):
        return waits(state, f"No pod of {name_of(candidate)} answers: the canary step waits.", _LOOK_SECONDS)
    compared = _compared(state, look)
    if compared is not None:
        return waits(state, compared or None, _LOOK_SECONDS, (Ask("compare", candidate.key),))
    if canary.pause:
        held = "spec.inference.rollout.canary.pause is true: set it to false to go on."
        return waits(state, held, 30.0)
    if not over:
        return waits(state, None, _remaining(migration, step, look))
    return begin_step(state, look, index + 1)


def _measure(state: RolloutState, look: Look) -> tuple[Measured, Measured]:
    """Return what the candidate did in this step, and the serving version to compare it with."""
    statuses, begin = look.seen.bus.inference, _migration(state).baseline or []
    candidate, serving = _candidate(state).key, state.serving.key
    done = since(begin, statuses.get(candidate, ()), candidate)
    reference = since(begin, statuses.get(serving, ()), serving)
    if reference.p95 is None:
        # Too quiet a stretch: its whole life says how fast it is.
        reference = since([], statuses.get(serving, ()), serving)
    return done, reference


def _noted(state: RolloutState, look: Look, done: Measured, reference: Measured) -> RolloutState:
    rate, mine, others = done.error_rate, done.p95, reference.p95
    changes: dict[str, object] = {
        "measured": done.handled,
        "error_rate": None if rate is None else round(min(100.0, rate), 2),
        "latency_ratio": round(mine / others, 2) if mine is not None and others else None,
    }
    seen = look.seen.bus.comparisons.get(_candidate(state).key)
    if seen is not None and seen.error is None and seen.agreement is not None and _fresh(state, look):
        changes["neighbour_agreement"] = round(seen.agreement, 3)
    return with_migration(state, **changes)


def _failed(state: RolloutState, look: Look, done: Measured, over: bool) -> tuple[str, str] | None:
    """Return reason and words of a check that does not hold; None when all do."""
    checks, migration, candidate = (
        look.resource.spec.inference.rollout.canary.checks,
        _migration(state),
        state.candidate,
    )
    name = name_of(candidate) if candidate else ""
    rate, ratio, agreement = migration.error_rate, migration.latency_ratio, migration.neighbour_agreement
    # A single failure among few requests is no rate.
    telling = done.handled >= ENOUGH or (over and done.failed > 1)
    if telling and rate is not None and rate > checks.max_error_rate:
        words = (
            f"{name} failed {done.failed} of {done.handled} requests ({rate:g} %, at most {checks.max_error_rate:g} %"
        )
        return "ErrorRate", f"{words} by canary.checks.maxErrorRate)."
    if over and ratio is not None and ratio > checks.max_latency_ratio:
        words = f"{name} takes {ratio:g} times as long as {name_of(state.serving)} (95th percentile, at most "
        return "Latency", f"{words}{checks.max_latency_ratio:g} by canary.checks.maxLatencyRatio)."
    if agreement is not None and agreement < checks.min_neighbour_agreement:
        words = f"{name} and {name_of(state.serving)} agree on {agreement:.0%} of the nearest neighbours of a sample"
        return "Agreement", f"{words} (at least {checks.min_neighbour_agreement:.0%} by minNeighbourAgreement)."
    return None


def _fresh(state: RolloutState, look: Look) -> bool:
    """Tell whether the comparison was made in this step: its sample is also the least work the step is judged by."""
    seen = look.seen.bus.comparisons.get(_candidate(state).key)
    began = instant(_migration(state).step_since)
    return seen is not None and (seen.at is None or began is None or seen.at >= began)


def _compared(state: RolloutState, look: Look) -> str | None:
    """Return None when this step has its comparison; else what is in its way, empty when it is only to come."""
    seen = look.seen.bus.comparisons.get(_candidate(state).key)
    if seen is None or not _fresh(state, look):
        return ""
    return None if seen.error is None else f"The versions cannot be compared yet: {seen.error}"


def _remaining(migration: MigrationStatus, step: CanaryStep, look: Look) -> float:
    left = span(step.pause).total_seconds() - seconds_since(migration.step_since, look.now)
    return min(_LOOK_SECONDS, max(0.1, left))


def _candidate(state: RolloutState) -> VersionStatus:
    assert state.candidate is not None
    return state.candidate


def _migration(state: RolloutState) -> MigrationStatus:
    assert state.migration is not None
    return state.migration
