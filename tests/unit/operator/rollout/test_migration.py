"""A change of the model from beginning to end, and what sends it back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.operator.rollout.world import LARGE, OTHER, SMALL, World, change, made, running

from dino_operator.observe import ContainerSeen, PodSeen
from dino_operator.render import model_key
from dino_operator.spec.model import Model
from dino_operator.status import find

WHOLE = ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]
GPU = {"gpu": {"resource": "nvidia.com/gpu"}}


def key(model: dict[str, Any]) -> str:
    return model_key(Model.model_validate(model))


def pods(world: World) -> dict[str, int | None]:
    """Pods by role."""
    assert world.step is not None
    return {version.role: version.replicas for version in world.step.model_versions}


def why(world: World) -> tuple[str, str]:
    migration = world.status.migration
    assert migration is not None
    assert migration.failed is not None
    return migration.failed.reason, migration.failed.message


def broken(exit_code: int, message: str, restarts: int, name: str = "weights") -> PodSeen:
    container = ContainerSeen(
        name, name == "weights", restarts=restarts, exit_code=exit_code, ended_reason="Error", ended_message=message
    )
    return PodSeen("pod", "inference", containers=(container,))


def test_the_first_model_serves_without_a_migration() -> None:
    world = World(made())
    step = world.look()
    assert step.rollout.serving == key(SMALL)
    assert step.rollout.candidate is None
    assert [v.role for v in step.model_versions] == ["serving"]
    world.settled()
    assert world.phases == []
    assert world.status.model is not None
    assert world.status.model.version == f"small@{key(SMALL)}"
    assert world.status.images_per_second == 50.0


def test_a_new_model_goes_through_every_phase() -> None:
    world = running(inference={"replicas": 4})
    change(world, LARGE, inference={"replicas": 4})
    world.settled()
    assert world.phases == WHOLE
    assert world.serving_by == [key(SMALL), key(LARGE)]
    said = ["MigrationStarted", "SelfTestPassed", "CanaryStep", "CanaryStep", "ReEmbeddingStarted", "CutOver"]
    assert world.events == [*said, "MigrationComplete"]
    assert world.status.model is not None
    assert world.status.model.version == f"large@{key(LARGE)}"
    assert world.status.model.previous == f"small@{key(SMALL)}"


def test_services_are_told_what_the_candidate_does() -> None:
    world = running()
    change(world, LARGE)
    told: list[tuple[str | None, float]] = []

    def complete(world: World) -> bool:
        rollout = world.step.rollout if world.step else None
        if rollout is not None and rollout.candidate and (rollout.phase, rollout.mirror_percent) not in told:
            told.append((rollout.phase, rollout.mirror_percent))
        return world.idle

    world.until(complete)
    assert told == [("dark", 0), ("canary", 10), ("canary", 50), ("reembed", 0)]


def test_a_canary_has_pods_by_weight_and_then_as_many_as_it_will_need() -> None:
    world = running(inference={"replicas": 4})
    change(world, LARGE, inference={"replicas": 4})
    found: list[int] = []

    def complete(world: World) -> bool:
        version = next((v for v in world.step.model_versions if v.role in ("dark", "canary")), None)
        if version is not None and (not found or found[-1] != version.replicas):
            found.append(version.replicas or 0)
        return world.idle

    world.until(complete)
    assert found == [1, 2, 4]


def test_a_step_lasts_its_pause_and_is_compared() -> None:
    world = running()
    steps = {"rollout": {"canary": {"steps": [{"weight": 30, "pause": "100s"}]}}}
    change(world, LARGE, inference=steps)
    world.until(lambda w: w.phases[-1] == "Canary")
    began = world.now
    world.until(lambda w: w.phases[-1] == "ReEmbedding")
    assert 100 <= (world.now - began).total_seconds() <= 110
    migration = world.status.migration
    assert migration is not None
    assert (migration.neighbour_agreement, migration.measured) == (0.9, 100)


def test_without_steps_the_library_is_embedded_at_once() -> None:
    world = running()
    change(world, LARGE, inference={"rollout": {"canary": {"steps": []}}})
    world.settled()
    assert world.phases == ["Starting", "SelfTest", "ReEmbedding", "CutOver"]


def test_a_canary_is_held_until_it_is_let_go() -> None:
    world = running()
    change(world, LARGE, inference={"rollout": {"canary": {"pause": True}}})
    for _ in range(100):
        world.tick(30)
    assert world.phases == WHOLE[:3]
    assert find(world.status, "Migrated").reason == "CanaryHeld"
    change(world, LARGE)
    world.settled()
    assert world.phases == WHOLE


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


def test_percent_and_eta_are_told() -> None:
    world = running()
    world.library, world.speed = 10_000, 100
    world.versions[key(SMALL)].embedded = world.versions[key(SMALL)].indexed = 10_000
    change(world, LARGE)
    world.until(lambda w: (w.status.migration.percent or 0) > 42)
    migration = world.status.migration
    assert migration.summary == f"ReEmbedding {int(migration.percent)} %"
    assert migration.eta > "2026-01-01T12:00:00Z"


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


def test_an_empty_library_without_traffic_migrates() -> None:
    world = World(made(), library=0)
    world.settled()
    change(world, LARGE)
    world.version(key(LARGE)).agreement = None
    world.settled()
    assert world.phases == WHOLE


def test_a_version_that_never_answers_is_given_up_at_the_deadline() -> None:
    world = running()
    change(world, LARGE)
    world.version(key(LARGE)).fault = PodSeen("pod", "inference", phase="Running")
    began = world.now
    world.until(lambda w: w.phases[-1:] == ["RolledBack"])
    assert why(world)[0] == "ProgressDeadlineExceeded"
    assert 1200 <= (world.now - began).total_seconds() < 1230


def test_a_pod_without_a_node_waits_and_says_so() -> None:
    world = running(inference={"rollout": {"strategy": "surge"}} | GPU)
    world.rooms = 1
    change(world, LARGE, inference={"rollout": {"strategy": "surge"}} | GPU)
    for _ in range(100):
        world.tick(60)
    assert world.phases == ["Starting"]
    assert find(world.status, "Migrated").reason == "Waiting"
    assert "Insufficient nvidia.com/gpu" in find(world.status, "Migrated").message
    world.rooms = None
    world.settled()
    assert world.phases == WHOLE


def test_nats_away_waits_at_every_phase() -> None:
    world = running()
    change(world, LARGE)
    for phase in WHOLE:
        world.until(lambda w, phase=phase: w.phases[-1:] == [phase])
        world.nats = False
        for _ in range(50):
            world.tick(60)
            assert world.phases[-1] == phase
        assert "NATS" in world.status.migration.waiting
        world.nats = True
    world.settled()
    assert world.phases == WHOLE


def test_paused_holds_at_every_phase() -> None:
    world = running()
    for phase in WHOLE:
        change(world, LARGE)
        world.until(lambda w, phase=phase: w.phases[-1:] == [phase])
        change(world, LARGE, paused=True)
        for _ in range(50):
            world.tick(60)
            assert world.phases[-1] == phase
        assert find(world.status, "Progressing").reason == "Paused"
    change(world, LARGE)
    world.settled()
    assert world.phases == WHOLE


def test_a_model_that_never_answered_is_replaced_directly() -> None:
    world = World(made())
    world.version(key(SMALL)).fault = broken(1, "the weights have SHA-256 ab, expected cd", 0)
    for _ in range(5):
        world.tick()
    change(world, LARGE)
    world.settled()
    assert world.events == ["ModelReplaced"]
    assert world.phases == []
    assert [v.role for v in world.step.model_versions] == ["serving"]


def test_another_model_on_the_way_takes_the_candidates_place() -> None:
    world = running()
    change(world, LARGE)
    world.until(lambda w: w.phases[-1] == "ReEmbedding")
    change(world, OTHER)
    world.settled()
    assert world.serving_by == [key(SMALL), key(OTHER)]
    assert "MigrationAbandoned" in world.events
    assert world.step.rollout.retired == (world.versions[key(LARGE)].name,)


def test_set_back_on_the_way_nothing_changes() -> None:
    world = running()
    change(world, LARGE)
    world.until(lambda w: w.phases[-1] == "Canary")
    change(world, SMALL)
    world.settled()
    assert world.serving_by == [key(SMALL)]
    assert world.events[-1] == "MigrationAbandoned"


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


def test_without_a_spare_gpu_an_old_pod_makes_room() -> None:
    spec = {"inference": {"replicas": 4} | GPU}
    world = running(**spec)
    world.rooms, world.free_gpus = 4, 0
    change(world, LARGE, **spec)
    found: list[dict[str, int | None]] = []

    def complete(world: World) -> bool:
        if not found or found[-1] != pods(world):
            found.append(pods(world))
        return world.idle

    world.until(complete)
    assert found == [
        {"serving": 3, "dark": 1},
        {"serving": 3, "canary": 1},
        {"serving": 2, "canary": 2},
        {"serving": None, "previous": 2},
    ]
    assert world.phases == WHOLE


def test_a_spare_gpu_that_is_not_there_after_all_makes_an_old_pod_give_way() -> None:
    spec = {"inference": {"replicas": 2} | GPU}
    world = running(**spec)
    world.rooms = 2
    change(world, LARGE, **spec)
    world.settled()
    assert "MigrationMode" in world.events
    assert world.phases == WHOLE


def test_with_few_spare_gpus_the_load_moves_to_no_less_than_half_of_the_pods() -> None:
    spec = {"inference": {"replicas": 4} | GPU}
    world = running(**spec)
    world.rooms = 5
    change(world, LARGE, **spec)
    world.until(lambda w: w.phases[-1:] == ["CutOver"])
    old, new = (world.seen.inference(key(model)).ready for model in (SMALL, LARGE))
    assert (old, new) == (2, 2)
    world.until(lambda w: w.seen.inference(key(LARGE)).ready == 4)


def test_the_only_pod_without_a_spare_gpu_is_replaced_and_it_is_said() -> None:
    spec = {"inference": GPU}
    world = running(**spec)
    world.rooms, world.free_gpus = 1, 0
    change(world, LARGE, **spec)
    world.tick()
    assert pods(world) == {"serving": 0, "dark": 1}
    assert "only old pod was stopped" in find(world.status, "Migrated").message
    world.tick()
    assert find(world.status, "Ready").reason == "MakingRoom"
    world.settled()
    assert world.phases == ["Starting", "SelfTest", "CutOver", "ReEmbedding"]
    assert pods(world)["previous"] == 0


def test_a_replacement_that_fails_gives_the_old_pod_its_place_back() -> None:
    spec = {"inference": GPU}
    world = running(**spec)
    world.rooms, world.free_gpus = 1, 0
    world.version(key(LARGE)).cosine = 0.2
    change(world, LARGE, **spec)
    world.until(lambda w: w.phases[-1:] == ["RolledBack"])
    assert pods(world) == {"serving": None}
    world.until(lambda w: find(w.status, "Ready").status == "True")


def test_scaled_to_zero_waits() -> None:
    world = running()
    change(world, LARGE, inference={"replicas": 0})
    for _ in range(100):
        world.tick(60)
    assert world.phases == ["Starting"]
    assert "spec.inference.replicas is 0" in world.status.migration.waiting
    change(world, LARGE)
    world.settled()
    assert world.phases == WHOLE


def test_a_change_that_makes_no_other_model_is_no_migration() -> None:
    world = running()
    change(world, SMALL | {"precision": "fp16"})
    step = world.tick()
    assert step.state.migration is None
    assert step.model_versions[0].model.precision == "fp16"
    assert [ask.kind for ask in step.asks] == ["self-test"]


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
