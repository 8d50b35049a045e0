"""Numbers of the status: pods, speed, history, and what is read of an older one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.operator.status.seeing import KEY, NOW, look, remembered, resource, seen

from dino_operator.status import read_status

SERVING = {"key": "0" * 8, "role": "serving", "since": "x", "model": {}}


def inference(desired: int, key: str = KEY, **more: Any) -> dict[str, Any]:
    return {"name": f"demo-inference-{key}", "service": "inference", "key": key, "desired": desired} | more


def test_numbers_of_the_model_service() -> None:
    _, status = look(resource(), remembered(None), seen())
    assert status.observed_generation == 7
    assert status.images_per_second == 81.2
    assert (status.model.version, status.migration) == ("vit@0123", None)
    found = status.inference
    assert (found.replicas, found.ready_replicas, found.summary) == (2, 2, "2/2")
    assert found.selector.split(",") == [
        "app.kubernetes.io/component=inference",
        "app.kubernetes.io/instance=demo",
        "app.kubernetes.io/name=dinov3-platform",
        f"dinov3.io/model={KEY}",
    ]


def test_history_tells_each_change_with_its_reason() -> None:
    made, status = resource(), remembered(None)
    worlds = [
        (made, seen()),
        (made, seen(deployments=[inference(4)])),
        (made, seen(deployments=[inference(4)])),
        (made, seen(deployments=[inference(3)], scale_actor="kubectl")),
        (resource(inference={"autoscaling": {}}), seen(deployments=[inference(5)])),
    ]
    for tick, (made, found) in enumerate(worlds):
        _, status = look(made, status, found, NOW + timedelta(minutes=tick))
    told = [(e.before, e.after, e.reason, e.time) for e in status.scaling_history if e.service == "inference"]
    assert told == [
        (0, 2, "spec", "2026-01-01T12:30:00Z"),
        (2, 4, "spec", "2026-01-01T12:31:00Z"),
        (4, 3, "scale subresource, by kubectl", "2026-01-01T12:33:00Z"),
        (3, 5, "autoscaler", "2026-01-01T12:34:00Z"),
    ]


def test_history_of_a_migration() -> None:
    made, status = resource(model={"name": "x", "source": {"image": {}}}), remembered(None)
    for _ in range(3):
        step, status = look(made, status, seen())
    candidate = step.state.candidate.key
    _, status = look(made, status, seen(deployments=[inference(2), inference(1, candidate)]))
    assert [(e.before, e.after, e.reason) for e in status.scaling_history if e.service == "inference"][-1] == (
        2,
        3,
        "migration",
    )


def test_history_is_bounded_and_keeps_each_services_last() -> None:
    made, status = resource(), remembered(None)
    _, status = look(made, status, seen())
    for desired in range(100):
        _, status = look(made, status, seen(deployments=[inference(desired)]))
    assert len(status.scaling_history) == 50
    assert {e.service for e in status.scaling_history} == {"gateway", "inference", "video", "analytics"}
    assert status.scaling_history[-1].after == 99


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (None, set()),
        ({"phase": "Running", "replicas": 3}, set()),
        ({"conditions": [{"type": "Ready"}], "observedGeneration": 3}, {"observed_generation"}),
        ({"conditions": "odd", "model": {"version": 7}, "imagesPerSecond": -1}, set()),
        (
            {"versions": [{"key": "short"}, {"key": "0" * 8, "role": "serving", "since": "x", "model": {}}]},
            {"versions"},
        ),
    ],
)
def test_what_cannot_be_read_of_an_older_status_is_left_out(written: Any, kept: set[str]) -> None:
    status = read_status(written)
    assert {name for name, value in status if value} == kept
    step, _ = look(resource(), status, seen())
    assert step.state.serving.key == KEY


def test_an_older_resource_without_versions_goes_on_with_what_runs() -> None:
    old = read_status({"observedGeneration": 3, "model": {"version": "vit@0123"}})
    step, status = look(resource(), old, seen())
    assert step.state.serving.key == KEY
    assert step.state.candidate is None
    assert status.model.version == "vit@0123"
