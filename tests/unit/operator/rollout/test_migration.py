"""A change of the model from beginning to end."""

from __future__ import annotations

from tests.unit.operator.rollout.asking import broken, key
from tests.unit.operator.rollout.world import LARGE, OTHER, SMALL, World, change, made, running

from dino_operator.status import find

WHOLE = ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]
GPU = {"gpu": {"resource": "nvidia.com/gpu"}}


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


def test_percent_and_eta_are_told() -> None:
    world = running()
    world.library, world.speed = 10_000, 100
    world.versions[key(SMALL)].embedded = world.versions[key(SMALL)].indexed = 10_000
    change(world, LARGE)
    world.until(lambda w: (w.status.migration.percent or 0) > 42)
    migration = world.status.migration
    assert migration.summary == f"ReEmbedding {int(migration.percent)} %"
    assert migration.eta > "2026-01-01T12:00:00Z"


def test_an_empty_library_without_traffic_migrates() -> None:
    world = World(made(), library=0)
    world.settled()
    change(world, LARGE)
    world.version(key(LARGE)).agreement = None
    world.settled()
    assert world.phases == WHOLE


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
