"""Who gets how many pods where an autoscaler owns the number."""

from __future__ import annotations

from typing import Any

from tests.unit.operator.building import of_kind
from tests.unit.operator.rollout.world import LARGE, SMALL, change, running

from dino_operator.render import Facts, model_key, render
from dino_operator.spec.model import Model

KEY = model_key(Model.model_validate(SMALL))
SPEC: dict[str, Any] = {"inference": {"autoscaling": {"min": 3, "max": 8}, "gpu": {"resource": "nvidia.com/gpu"}}}


def test_an_autoscaler_is_bounded_while_its_version_gives_up_a_pod() -> None:
    world = running(**SPEC)
    world.rooms, world.free_gpus = 8, 0
    change(world, LARGE, **SPEC)
    world.tick()
    assert world.step is not None
    found = render(world.resource, Facts(model_versions=world.step.model_versions))
    scaler = of_kind(found, "HorizontalPodAutoscaler")["demo-inference"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 7)
    assert scaler["scaleTargetRef"]["name"] == f"demo-inference-{KEY}"
    deployments = of_kind(found, "Deployment")
    assert "replicas" not in deployments[f"demo-inference-{KEY}"]["spec"]
    assert deployments[f"demo-inference-{world.step.state.candidate.key}"]["spec"]["replicas"] == 1
    world.settled()
    found = render(world.resource, Facts(model_versions=world.step.model_versions))
    scaler = of_kind(found, "HorizontalPodAutoscaler")["demo-inference"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 8)
    assert scaler["scaleTargetRef"]["name"] == f"demo-inference-{world.step.state.serving.key}"


def test_the_candidate_becomes_as_large_as_the_autoscaler_made_the_serving_version() -> None:
    spec = {"inference": {"autoscaling": {"min": 1, "max": 8}}}
    world = running(**spec)
    change(world, LARGE, **spec)
    world.until(lambda w: w.phases[-1:] == ["ReEmbedding"])
    assert world.step is not None
    pods = {v.role: v.replicas for v in world.step.model_versions}
    # The small world has no autoscaler: its Deployment is as large as the spec allows.
    assert pods == {"serving": None, "canary": 8}
