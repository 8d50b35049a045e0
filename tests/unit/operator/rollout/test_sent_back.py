"""What sends a new version back, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.rollout.asking import broken, key
from tests.unit.operator.rollout.world import LARGE, SMALL, World, change, made, running

from dino_operator.observe import PodSeen


def why(world: World) -> tuple[str, str]:
    migration = world.status.migration
    assert migration is not None
    assert migration.failed is not None
    return migration.failed.reason, migration.failed.message


@pytest.mark.parametrize(
    ("behaviour", "reason", "words"),
    [
        ({"cosine": 0.5}, "SelfTestFailed", "cosine 0.50000"),
        ({"errors": 0.2}, "ErrorRate", "at most 1 %"),
        ({"bucket": 4}, "Latency", "times as long as small@"),
        ({"agreement": 0.3}, "Agreement", "30%"),
        ({"fault": broken(1, "the weights have SHA-256 ab, expected cd", 0)}, "WeightsMismatch", "expected cd"),
        ({"fault": broken(1, "the model takes pictures of 224, expected 518", 0)}, "ImageSizeMismatch", "518"),
        ({"fault": broken(1, "there is no directory /weights/x", 3)}, "WeightsMissing", "no directory"),
        ({"fault": broken(139, "Segmentation fault", 3, "inference")}, "CrashLooping", "Segmentation fault"),
    ],
)
def test_a_failed_check_sends_it_back_and_says_why(behaviour: dict[str, Any], reason: str, words: str) -> None:
    spec = {"inference": {"rollout": {"canary": {"checks": {"minNeighbourAgreement": 0.5}}}}}
    world = running(**spec)
    world.traffic = 500
    change(world, LARGE, **spec)
    version = world.version(key(LARGE))
    version.name = f"large@{key(LARGE)}"
    for name, value in behaviour.items():
        setattr(version, name, value)
    world.until(lambda w: w.phases[-1:] == ["RolledBack"])
    assert why(world)[0] == reason
    assert words in why(world)[1]
    assert world.serving_by == [key(SMALL)]
    assert world.step.rollout.candidate is None
    if version.fault is None:
        assert world.step.rollout.retired == (version.name,)
    # It is not tried again, even when it would now work, until the model changes.
    world.versions[key(LARGE)] = type(version)(version.name)
    for _ in range(100):
        world.tick(60)
    assert world.events.count("MigrationStarted") == 1
    change(world, LARGE | {"precision": "fp32"}, **spec)
    world.settled()
    assert world.serving_by == [key(SMALL), key(LARGE)]
    assert world.step.rollout.retired == ()


def test_a_failed_target_is_forgotten_when_the_spec_goes_back() -> None:
    world = running()
    world.version(key(LARGE)).cosine = 0.1
    change(world, LARGE)
    world.until(lambda w: w.phases[-1:] == ["RolledBack"])
    change(world, SMALL)
    world.until(lambda w: w.idle)
    assert world.status.migration is None


def test_few_requests_with_one_failure_send_nothing_back() -> None:
    world = running()
    world.library = 2
    change(world, LARGE)
    world.until(lambda w: w.phases[-1:] == ["Canary"])
    world.until(lambda w: w.versions[key(LARGE)].handled > 0)
    world.versions[key(LARGE)].failed += 1
    world.tick()
    assert world.status.migration.error_rate > 1
    world.settled()
    assert world.serving_by == [key(SMALL), key(LARGE)]


def test_a_version_that_never_answers_is_given_up_at_the_deadline() -> None:
    world = running()
    change(world, LARGE)
    world.version(key(LARGE)).fault = PodSeen("pod", "inference", phase="Running")
    began = world.now
    world.until(lambda w: w.phases[-1:] == ["RolledBack"])
    assert why(world)[0] == "ProgressDeadlineExceeded"
    assert 1200 <= (world.now - began).total_seconds() < 1230


def test_a_version_that_cannot_embed_what_the_old_one_finds_is_sent_back() -> None:
    world = running()
    world.version(key(LARGE)).beyond = 40
    change(world, LARGE)
    world.until(lambda w: w.phases[-1] == "RolledBack")
    assert world.serving_by == [key(SMALL)]
    reason, message = why(world)
    assert reason == "ErrorRate"
    assert "could not embed 40 of 100 pictures" in message


def test_pictures_that_nobody_can_embed_hold_no_version_back() -> None:
    world = World(made())
    for model in (SMALL, LARGE):
        world.version(key(model)).beyond = 40
    world.settled()
    change(world, LARGE)
    world.settled()
    assert world.serving_by == [key(SMALL), key(LARGE)]
