"""What holds of every rollout, whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.operator.rollout.world import LARGE, OTHER, SMALL, START, World, change, made, running

from dino_operator.observe import BusSeen, ContainerSeen, DeploymentSeen, PodSeen, Seen
from dino_operator.render import Facts, model_key, render
from dino_operator.rollout import advance
from dino_operator.spec.model import Model
from dino_operator.status import build, read_status

MODELS = (SMALL, LARGE, OTHER, SMALL | {"precision": "bf16"}, LARGE | {"keepPrevious": "0s"})
CRASH = PodSeen(
    "pod", "inference", containers=(ContainerSeen("inference", restarts=5, exit_code=1, ended_message="boom"),)
)

happenings = st.one_of(
    st.tuples(st.just("tick"), st.sampled_from([1.0, 5.0, 60.0, 4000.0])),
    st.tuples(st.just("ticks"), st.integers(1, 30)),
    st.tuples(st.just("model"), st.sampled_from(MODELS)),
    st.tuples(st.just("paused"), st.booleans()),
    st.tuples(st.just("replicas"), st.sampled_from([0, 1, 2, 5])),
    st.tuples(st.just("strategy"), st.sampled_from(["auto", "surge", "replace"])),
    st.tuples(st.just("rooms"), st.sampled_from([None, 0, 1, 2])),
    st.tuples(st.just("nats"), st.booleans()),
    st.tuples(st.just("analytics"), st.booleans()),
    st.tuples(st.just("crash"), st.booleans()),
    st.tuples(st.just("cosine"), st.sampled_from([0.1, 0.9999])),
    st.tuples(st.just("errors"), st.sampled_from([0.0, 0.5])),
    st.tuples(st.just("restart"), st.none()),
)


class Watched:
    """A world that is checked at every look."""

    def __init__(self) -> None:
        self.world = running(inference={"replicas": 2, "gpu": {}})
        self.world.traffic = 300
        self.spec: dict[str, Any] = {"paused": False, "replicas": 2, "strategy": "auto"}
        self.model: dict[str, Any] = SMALL

    def happen(self, what: str, value: Any) -> None:
        world = self.world
        match what:
            case "tick":
                self.tick(value)
            case "ticks":
                for _ in range(value):
                    self.tick(5.0)
            case "model":
                self.model = value
            case "paused" | "replicas" | "strategy":
                self.spec[what] = value
            case "rooms" | "nats" | "analytics":
                setattr(world, what, value)
            case "restart":
                # What was only in memory is gone.
                world.seen = replace(world.seen, bus=BusSeen(reachable=False, asked=False))
            case "crash":
                self._version().fault = CRASH if value else None
            case _:
                setattr(self._version(), what, value)
        rollout = {"strategy": self.spec["strategy"]}
        inference = {"replicas": self.spec["replicas"], "gpu": {}, "rollout": rollout}
        change(world, self.model, inference=inference, paused=self.spec["paused"])

    def _version(self) -> Any:
        model = Model.model_validate(self.model)
        return self.world.version(model_key(model), model)

    def tick(self, seconds: float) -> None:
        world = self.world
        before = world.step.state
        step = world.tick(seconds)
        now = step.state
        assert sum(version.role == "serving" for version in step.model_versions) == 1
        render(world.resource, Facts(model_versions=step.model_versions))
        if now.serving.key != before.serving.key:
            assert not world.resource.spec.paused
            if before.serving.answered:
                assert now.serving.self_test is not None
                assert now.serving.self_test.passed
                replaced = before.migration.mode == "replace"
                assert replaced or world.versions[now.serving.key].indexed >= world.library
        live = {version.model_version for version in now.versions}
        assert not live & set(step.rollout.retired)
        was, then = before.migration, now.migration
        if was is not None and then is not None and was.key == then.key and was.phase == then.phase == "ReEmbedding":
            assert (then.percent or 0) >= (was.percent or 0)


@settings(max_examples=12, deadline=None)
@given(st.lists(happenings, min_size=1, max_size=25))
def test_one_version_serves_and_none_takes_over_untested_or_without_its_index(what: list[tuple[str, Any]]) -> None:
    watched = Watched()
    for name, value in what:
        watched.happen(name, value)
    # When the trouble is over and the model is a new one, it comes to serve.
    for name, value in [("nats", True), ("analytics", True), ("rooms", None), ("paused", False), ("replicas", 2)]:
        watched.happen(name, value)
    for name, value in [("crash", False), ("cosine", 0.9999), ("errors", 0.0), ("model", MODELS[3] | {"version": "9"})]:
        watched.happen(name, value)
    for _ in range(300):
        watched.tick(5.0)
        if watched.world.idle:
            break
    assert watched.world.idle, watched.world.status.migration


@settings(max_examples=12, deadline=None)
@given(st.sets(st.integers(0, 80), max_size=8))
def test_a_restart_at_any_point_leads_to_the_same(restarts: set[int]) -> None:
    world = running()
    change(world, LARGE)
    for tick in range(200):
        if tick in restarts:
            world.seen = replace(world.seen, bus=BusSeen(reachable=False, asked=False))
            world.look()
        world.tick()
        if world.idle:
            break
    assert world.phases == ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]
    assert world.events.count("CutOver") == world.events.count("MigrationComplete") == 1


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70), st.sampled_from(["surge", "giveUpOne", "replace"]))
def test_a_lost_status_is_made_anew_from_what_runs(lost: int, mode: str) -> None:
    spec = {"inference": {"replicas": 1 if mode == "replace" else 3, "gpu": {}}}
    world = running(**spec)
    if mode != "surge":
        world.rooms, world.free_gpus = spec["inference"]["replicas"], 0
    change(world, LARGE, **spec)
    for tick in range(250):
        if tick == lost:
            serving = next(d.key for d in world.seen.deployments if d.role == "serving")
            world.status = read_status({})
            world.seen = replace(world.seen, bus=BusSeen(reachable=False, asked=False))
            assert world.look().state.serving.key == serving
        world.tick()
        if tick > lost and world.idle:
            break
    assert world.idle, (world.phases, world.status.migration)
    assert len(set(world.serving_by)) == 2


keys = st.sampled_from([model_key(Model.model_validate(model)) for model in (SMALL, LARGE, OTHER)])
models = st.sampled_from([None, {}, {"name": 3}, SMALL, LARGE, OTHER])
deployments = st.builds(
    DeploymentSeen,
    name=st.just("demo-inference"),
    service=st.just("inference"),
    key=keys,
    role=st.sampled_from([None, "serving", "dark", "canary", "previous", "nonsense"]),
    model=models,
    desired=st.integers(0, 3),
    ready=st.integers(0, 3),
)
versions = st.fixed_dictionaries(
    {
        "key": keys,
        "role": st.sampled_from(["serving", "candidate", "previous"]),
        "since": st.sampled_from(["2026-01-01T11:00:00Z", "yesterday", ""]),
        "model": st.sampled_from([SMALL, LARGE, OTHER, {"name": 3}]),
    },
    optional={"answered": st.booleans(), "modelVersion": st.sampled_from(["a@1", "b@2"]), "weight": st.just(10)},
)
phases = st.sampled_from([None, "Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver", "RolledBack", "Odd"])
migrations = st.fixed_dictionaries(
    {},
    optional={
        "phase": phases,
        "key": keys,
        "mode": st.sampled_from(["surge", "giveUpOne", "replace"]),
        "step": st.integers(0, 5),
        "stepSince": st.just("2026-01-01T11:00:00Z"),
        "percent": st.floats(0, 100),
        "deadline": st.just("2026-01-01T11:30:00Z"),
        "target": st.just(7),
    },
)
statuses = st.fixed_dictionaries(
    {},
    optional={
        "versions": st.lists(versions, max_size=4),
        "migration": migrations,
        "model": st.sampled_from([{}, {"version": "a@1", "retired": ["a@1", "c@3"]}, "odd"]),
        "conditions": st.just([{"type": "Ready"}, 3]),
    },
)


@settings(max_examples=60, deadline=None)
@given(statuses, st.lists(deployments, max_size=4), st.booleans(), st.sampled_from([SMALL, LARGE]))
def test_from_any_status_and_any_deployments_one_version_serves(
    status: dict[str, Any], found: list[DeploymentSeen], nats: bool, model: dict[str, Any]
) -> None:
    resource, previous = made(model), read_status(status)
    seen = Seen(deployments=tuple(found), bus=BusSeen(reachable=nats))
    for _ in range(6):
        step = advance(resource, previous, seen, START)
        assert step == advance(resource, previous, seen, START)
        render(resource, Facts(model_versions=step.model_versions))
        assert not {v.model_version for v in step.state.versions} & set(step.rollout.retired)
        written = build(resource, previous, seen, step, START)
        previous = read_status(written.model_dump(mode="json", by_alias=True, exclude_none=True))
        assert previous == written


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 60))
def test_the_same_sight_makes_the_same_status(ticks: int) -> None:
    world = running()
    change(world, LARGE)
    for _ in range(ticks):
        world.tick()
    # A transition is followed by what it leads to; from then on nothing changes while nothing is seen to change.
    for _ in range(4):
        world.look()
    before = world.status
    world.look()
    assert world.status == before
    world.now += timedelta(milliseconds=300)
    world.look()
    assert world.status == before


def test_a_world_of_its_own_is_quiet() -> None:
    world = running()
    before = world.status
    for _ in range(20):
        world.tick(3600)
    assert world.status == before
    assert world.step.requeue_after is None
    assert isinstance(world, World)


@pytest.mark.parametrize("phase", ["Starting", "SelfTest", "Canary", "ReEmbedding", "Odd", None])
def test_a_migration_whose_candidate_was_lost_begins_anew(phase: str | None) -> None:
    world = running()
    serving = world.status.model_dump(mode="json", by_alias=True)["versions"]
    world.status = read_status({"versions": serving, "migration": {"phase": phase, "key": "0" * 8}})
    change(world, LARGE)
    world.settled()
    assert world.phases == ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]


@pytest.mark.parametrize("phase", ["CutOver", "RolledBack", "Odd", None])
def test_a_candidate_whose_phase_was_lost_begins_anew(phase: str | None) -> None:
    world = running()
    change(world, LARGE)
    world.until(lambda w: w.phases[-1:] == ["Canary"])
    kept = world.status.model_dump(mode="json", by_alias=True, exclude_none=True)
    world.status = read_status(kept | {"migration": {"phase": phase, "key": kept["migration"]["key"]}})
    world.phases.clear()
    world.settled()
    assert world.phases == ["Starting", "SelfTest", "Canary", "ReEmbedding", "CutOver"]
