"""The cut-over waits for everybody, and is taken back where somebody does not follow."""

from __future__ import annotations

from tests.unit.operator.rollout.asking import key, pods
from tests.unit.operator.rollout.world import LARGE, OTHER, SMALL, World, change, running

from dino_operator.observe import PodSeen

WHOLE = ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]


def test_the_cut_over_waits_for_inference_and_for_analytics() -> None:
    world = running()
    change(world, LARGE)
    world.until(lambda w: w.phases[-1] == "ReEmbedding")
    world.analytics = False
    for _ in range(20):
        world.tick()
    assert world.phases[-1] == "ReEmbedding"
    assert "analytics does not answer" in world.status.migration.waiting
    world.analytics = True
    world.settled()
    assert world.phases == WHOLE


def stuck() -> World:
    """A world whose analytics cannot open the new index at the cut-over."""
    world = running(inference={"replicas": 2})
    world.stuck_index = key(SMALL)
    change(world, LARGE, inference={"replicas": 2})
    world.until(lambda w: w.phases[-1:] == ["CutOver"])
    for _ in range(20):
        world.tick()
    assert world.phases[-1] == "CutOver"
    assert world.step.rollout.serving == key(LARGE)
    return world


def test_a_cut_over_that_analytics_does_not_follow_is_taken_back_with_the_spec() -> None:
    world = stuck()
    assert pods(world)["previous"] == 2
    change(world, SMALL, inference={"replicas": 2})
    step = world.tick()
    assert (step.rollout.serving, step.rollout.previous) == (key(SMALL), key(LARGE))
    assert "TurnedBack" in world.events
    # Whoever asks the new version at this moment is still answered by it.
    assert pods(world) == {"serving": None, "previous": 2}
    step = world.settled()
    assert (step.rollout.serving, step.rollout.retired) == (key(SMALL), ())
    assert world.serving_by[-3:] == [key(SMALL), key(LARGE), key(SMALL)]
    world.stuck_index = None
    change(world, LARGE, inference={"replicas": 2})
    world.settled()
    assert world.step.rollout.serving == key(LARGE)


def test_a_third_model_waits_until_a_stuck_cut_over_ends() -> None:
    world = stuck()
    change(world, OTHER, inference={"replicas": 2})
    world.tick()
    assert world.step.rollout.serving == key(LARGE)
    world.stuck_index = None
    world.settled()
    assert world.step.rollout.serving == key(OTHER)


def test_a_cut_over_is_not_taken_back_once_nobody_of_the_old_version_answers() -> None:
    world = stuck()
    world.version(key(SMALL)).fault = PodSeen("x", "inference", phase="Pending")
    world.tick()
    change(world, SMALL, inference={"replicas": 2})
    world.tick()
    assert world.step.rollout.serving == key(LARGE)
    assert "TurnedBack" not in world.events
