"""The self-test of a version: which answer counts, and when to ask."""

from __future__ import annotations

from dino_operator.observe import SelfTestSeen
from dino_operator.rollout.clock import instant, moment, seconds_since
from dino_operator.rollout.look import Look, with_version
from dino_operator.rollout.step import Ask, RolloutState
from dino_operator.spec.status import SelfTestStatus

_AGAIN_SECONDS = 60.0


def tested(state: RolloutState, look: Look, key: str) -> tuple[RolloutState, SelfTestSeen | None]:
    """Return the state with the answer noted, and the answer; None when there is none of this role's time."""
    version = next(v for v in state.versions if v.key == key)
    answer = look.seen.bus.self_tests.get(key)
    began = instant(version.since)
    if answer is None or (answer.at is not None and began is not None and answer.at < began):
        return state, None
    if answer.error is not None:
        return state, answer
    at = answer.at or look.now
    test = version.self_test
    # One answer is noted once, with the time of its noting where it has none of its own.
    if test is None or (answer.at is not None and moment(at) != test.time):
        test = SelfTestStatus(
            passed=answer.passed,
            cosine=None if answer.cosine is None else round(answer.cosine, 6),
            bound=answer.bound,
            images_per_second=None if answer.images_per_second is None else round(answer.images_per_second, 1),
            time=moment(at),
        )
    changes: dict[str, object] = {"self_test": test, "answered": version.answered or answer.passed}
    if answer.model_version is not None:
        changes["model_version"] = answer.model_version
    return with_version(state, key, **changes), answer


def check_serving(state: RolloutState, look: Look) -> tuple[RolloutState, tuple[Ask, ...]]:
    """Return the state with the serving version's latest self-test, and the question where one is needed."""
    serving = state.serving
    if serving.self_test is None or not serving.self_test.passed:
        state, _ = tested(state, look, serving.key)
    test = state.serving.self_test
    if not look.answers(serving.key) or (test is not None and test.passed):
        return state, ()
    if test is not None and seconds_since(test.time, look.now) < _AGAIN_SECONDS:
        return state, ()
    return state, (Ask("self-test", serving.key),)
