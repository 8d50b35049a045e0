"""Pods of two versions where GPUs are few."""

from __future__ import annotations

from tests.unit.operator.rollout.asking import key, pods
from tests.unit.operator.rollout.world import LARGE, SMALL, World, change, running

from dino_operator.status import find

WHOLE = ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]
GPU = {"gpu": {"resource": "nvidia.com/gpu"}}


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
