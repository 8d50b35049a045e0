"""Which versions are kept beside the serving one, and when they go."""

from __future__ import annotations

from tests.unit.operator.rollout.asking import key, pods
from tests.unit.operator.rollout.world import LARGE, OTHER, SMALL, change, running


def test_the_version_before_is_kept_and_then_removed() -> None:
    world = running()
    change(world, LARGE | {"keepPrevious": "1h"})
    world.settled()
    old = world.versions[key(SMALL)].name
    assert world.step.rollout.previous == key(SMALL)
    assert pods(world)["previous"] == 1
    world.tick(60)
    assert pods(world)["previous"] == 0
    world.tick(3400)
    assert world.step.rollout.previous == key(SMALL)
    world.tick(200)
    world.tick()
    assert world.step.rollout.previous is None
    assert world.step.rollout.retired == (old,)
    assert pods(world) == {"serving": None}


def test_nothing_is_kept_longer_than_callers_need_with_keep_previous_of_zero() -> None:
    world = running()
    change(world, LARGE | {"keepPrevious": "0s"})
    world.settled()
    assert world.step.rollout.previous == key(SMALL)
    world.tick(31)
    world.tick()
    assert world.step.rollout.previous is None
    assert world.step.rollout.retired == (world.versions[key(SMALL)].name,)


def test_set_back_to_the_version_before_it_returns_without_a_canary() -> None:
    world = running()
    change(world, LARGE)
    world.settled()
    world.tick(60)
    world.phases.clear()
    change(world, SMALL)
    world.settled()
    assert world.phases == ["Starting", "SelfTest", "ReEmbedding", "CutOver"]
    assert world.serving_by == [key(SMALL), key(LARGE), key(SMALL)]
    assert world.step.rollout.previous == key(LARGE)
    assert world.step.rollout.retired == ()


def test_a_return_that_is_called_off_keeps_the_version_before() -> None:
    world = running()
    change(world, LARGE)
    world.settled()
    world.tick(60)
    change(world, SMALL)
    world.until(lambda w: w.phases[-1] == "ReEmbedding")
    change(world, LARGE)
    world.settled()
    assert world.step.rollout.serving == key(LARGE)
    assert world.step.rollout.previous == key(SMALL)
    assert world.step.rollout.retired == ()


def test_with_a_third_version_the_oldest_is_retired() -> None:
    world = running()
    for model in (LARGE, OTHER):
        change(world, model)
        world.settled()
    assert (world.step.rollout.serving, world.step.rollout.previous) == (key(OTHER), key(LARGE))
    assert world.step.rollout.retired == (world.versions[key(SMALL)].name,)


def test_the_same_weights_under_another_key_are_never_retired() -> None:
    world = running()
    change(world, LARGE | {"keepPrevious": "0s"})
    world.version(key(LARGE)).name = world.versions[key(SMALL)].name
    world.settled()
    world.tick(60)
    world.tick()
    assert world.step.rollout.previous is None
    assert world.step.rollout.retired == ()
