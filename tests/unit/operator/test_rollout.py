"""Restarts, autoscalers, model versions, GPUs: what a change of the spec or of the cluster does to the pods."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.operator.building import deployment, environment, objects, of_kind, pod, resource

from dino_operator.render import Facts, ModelVersion, model_key, notices
from dino_operator.spec.model import Model

_CLAIM = "persistentVolumeClaim"
SERVICES = ("gateway", "inference", "video", "analytics")
SMALL = {"name": "dinov3-vits16", "source": {"pvc": {"claimName": "models"}}}
LARGE = {"name": "dinov3-vitl16", "source": {"pvc": {"claimName": "models"}}}


def templates(facts: Facts | None = None, /, **spec: Any) -> dict[str, Any]:
    found = objects(facts, **spec)
    return {name: deployment(found, name)["spec"]["template"] for name in SERVICES}


def restarted(**spec: Any) -> set[str]:
    """Services whose pods a change restarts."""
    before, after = templates(), templates(**spec)
    return {name for name in SERVICES if before[name] != after[name]}


def test_thresholds_restart_nothing() -> None:
    assert objects() == objects(thresholds={"similarity": 0.9, "categories": {"clothing": {"quality": 80}}})


@pytest.mark.parametrize(
    ("spec", "services"),
    [
        ({"gateway": {"rateLimits": {"default": 7}}}, {"gateway"}),
        ({"inference": {"batchSize": 8}}, {"inference"}),
        ({"video": {"storage": {"size": "1Gi"}}}, {"video"}),
        ({"telemetry": {"logLevel": "DEBUG"}}, set(SERVICES)),
        ({"inference": {"replicas": 5}, "gateway": {"replicas": 3}, "paused": True}, set()),
    ],
)
def test_a_change_restarts_whom_it_concerns(spec: dict[str, Any], services: set[str]) -> None:
    assert restarted(**spec) == services


def test_a_changed_secret_restarts_its_readers() -> None:
    before, after = (templates(Facts(secret_hashes={"stores": value})) for value in ("1", "2"))
    assert all(before[name] != after[name] for name in SERVICES)
    unrelated = templates(Facts(secret_hashes={"stores": "1", "another": "2"}))
    assert unrelated == before


def test_paused_holds_every_rollout() -> None:
    assert all(item["spec"]["paused"] for item in of_kind(objects(paused=True), "Deployment").values())
    assert not any("paused" in item["spec"] for item in of_kind(objects(), "Deployment").values())


@pytest.mark.parametrize(
    ("free", "strategy", "surge"),
    [(0, "auto", 0), (1, "auto", 0), (2, "auto", 1), (0, "surge", 1), (9, "replace", 0)],
)
def test_a_rollout_surges_only_where_a_whole_pod_finds_gpus(free: int, strategy: str, surge: int) -> None:
    spec = {"gpu": {"count": 2}, "rollout": {"strategy": strategy}}
    facts = Facts(free_gpus={"nvidia.com/gpu": free})
    rolling = deployment(objects(facts, inference=spec), "inference")["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": surge, "maxUnavailable": 1 - surge}
    said = [notice.reason for notice in notices(resource(inference=spec), facts)]
    assert said == (["NoSpareGpu"] if strategy == "auto" and not surge else [])


def test_gpu_is_requested_and_the_device_named() -> None:
    found = objects(inference={"gpu": {"resource": "nvidia.com/mig-1g.10gb"}})
    (container,) = pod(deployment(found, "inference"))["containers"]
    assert container["resources"]["limits"] == {"nvidia.com/mig-1g.10gb": "1"}
    assert environment(found, container)["DINOV3_DEVICE"] == "cuda"
    found = objects(inference={"gpu": {"resource": "none"}})
    (container,) = pod(deployment(found, "inference"))["containers"]
    assert "limits" not in container["resources"]
    assert environment(found, container)["DINOV3_DEVICE"] == "cpu"


def test_a_limit_alone_is_the_request_too() -> None:
    spec = {"resources": {"requests": {"cpu": 2}, "limits": {"memory": "256Mi"}}}
    (container,) = pod(deployment(objects(analytics=spec), "analytics"))["containers"]
    assert container["resources"] == {"requests": {"cpu": "2"}, "limits": {"memory": "256Mi"}}


def test_deployments_share_no_directory_of_the_node() -> None:
    model = {"name": "vit", "source": {"s3": {"bucket": "weights"}}, "cache": {"nodePath": "/mnt/fast/"}}
    (cache,) = [v for v in pod(deployment(objects(model=model), "inference"))["volumes"] if v["name"] == "cache"]
    assert cache["hostPath"]["path"] == "/mnt/fast/default/demo"


def test_a_new_model_version_has_pods_and_a_key_of_its_own() -> None:
    small, large = Model.model_validate(SMALL), Model.model_validate(LARGE)
    facts = Facts(model_versions=(ModelVersion(small), ModelVersion(large, role="dark")))
    found = objects(facts, model=LARGE, inference={"replicas": 3})
    pods = {name: d for name, d in of_kind(found, "Deployment").items() if "-inference-" in name}
    assert set(pods) == {f"demo-inference-{model_key(model)}" for model in (small, large)}
    for model in (small, large):
        seen = environment(found, pod(pods[f"demo-inference-{model_key(model)}"])["containers"][0])
        # One platform on the bus; each version answers on subjects of its own.
        assert (seen["DINO_DEPLOYMENT"], seen["DINO_MODEL_KEY"]) == ("demo", model_key(model))
    assert [pods[f"demo-inference-{model_key(m)}"]["spec"]["replicas"] for m in (small, large)] == [3, 1]


def test_the_serving_version_is_untouched_while_another_comes_and_goes() -> None:
    small, large = ModelVersion(Model.model_validate(SMALL)), ModelVersion(Model.model_validate(LARGE), role="canary")
    alone = deployment(objects(Facts(model_versions=(small,)), model=LARGE), "inference")
    for weight in (10, 100):
        facts = Facts(model_versions=(small, replace(large, weight=weight)))
        assert deployment(objects(facts, model=LARGE), "inference") == alone


@pytest.mark.parametrize(("weight", "pods"), [(1, 1), (25, 2), (26, 3), (100, 8)])
def test_a_canary_has_pods_by_its_weight(weight: int, pods: int) -> None:
    versions = (
        ModelVersion(Model.model_validate(SMALL)),
        ModelVersion(Model.model_validate(LARGE), "canary", weight),
    )
    found = objects(Facts(model_versions=versions), model=LARGE, inference={"replicas": 8})
    assert of_kind(found, "Deployment")[f"demo-inference-{versions[1].key}"]["spec"]["replicas"] == pods


def test_model_key_follows_the_weights_and_nothing_else() -> None:
    key = model_key(Model.model_validate(SMALL))
    same = SMALL | {"precision": "bf16", "keepPrevious": "1h", "cache": {"type": "pod"}, "imageSize": 224}
    assert model_key(Model.model_validate(same)) == key
    assert model_key(Model.model_validate(SMALL | {"version": "2"})) != key
    assert model_key(Model.model_validate(SMALL | {"sha256": "0" * 64})) != key


def test_contradicting_versions_are_refused() -> None:
    small, large = Model.model_validate(SMALL), Model.model_validate(LARGE)
    with pytest.raises(ValueError, match="exactly one"):
        objects(Facts(model_versions=(ModelVersion(small), ModelVersion(large))))
    with pytest.raises(ValueError, match="twice"):
        objects(Facts(model_versions=(ModelVersion(small), ModelVersion(small, role="dark"))))


def test_without_any_autoscaling_api_pods_are_fixed_and_it_is_said() -> None:
    spec = {"gateway": {"autoscaling": {"min": 3, "max": 9}}}
    facts = Facts(apis=frozenset())
    found = objects(facts, **spec)
    assert deployment(found, "gateway")["spec"]["replicas"] == 3
    assert not of_kind(found, "HorizontalPodAutoscaler")
    assert {n.reason for n in notices(resource(**spec), facts)} == {"AutoscalingApiMissing", "PolicyApiMissing"}


def test_an_autoscaler_of_the_sites_own_is_left_alone() -> None:
    found = objects(inference={"autoscaling": {"engine": "none", "min": 2}})
    assert "replicas" not in deployment(found, "inference")["spec"]
    assert not of_kind(found, "HorizontalPodAutoscaler")


def test_index_in_files_belongs_to_one_pod_at_a_time() -> None:
    found = objects()
    assert deployment(found, "analytics")["spec"]["strategy"] == {"type": "Recreate"}
    assert list(of_kind(found, "PersistentVolumeClaim")) == ["demo-index"]
    found = objects(connections={"secretName": "stores", "vectorIndex": {}}, analytics={"replicas": 3})
    assert deployment(found, "analytics")["spec"]["strategy"]["type"] == "RollingUpdate"
    assert not of_kind(found, "PersistentVolumeClaim")


@pytest.mark.parametrize(
    ("source", "cache", "argument", "volume"),
    [
        ({"s3": {"bucket": "weights"}}, {}, "s3://weights/vit", "hostPath"),
        ({"s3": {"bucket": "weights", "prefix": "/a/b/"}}, {"type": "pod"}, "s3://weights/a/b", "emptyDir"),
        (
            {"huggingFace": {"repository": "o/n"}},
            {"type": "volume", "claimName": "c"},
            "hf://o/n",
            "persistentVolumeClaim",
        ),
        ({"pvc": {"claimName": "models", "path": "x"}}, {}, "/weights/x", "emptyDir"),
        ({"image": {}}, {}, "/data/models/vit", "emptyDir"),
    ],
)
def test_weights_are_fetched_and_checked_before_the_service_starts(
    source: dict[str, Any], cache: dict[str, Any], argument: str, volume: str
) -> None:
    model = {"name": "vit", "source": source, "cache": cache, "sha256": "a" * 64}
    spec = pod(deployment(objects(model=model), "inference"))
    init = spec["initContainers"][-1]
    assert init["command"][:4] == ["python", "-m", "dino_inference.fetch", argument]
    assert init["command"][-2:] == ["--sha256", "a" * 64]
    (kept,) = [item for item in spec["volumes"] if item["name"] == "cache"]
    assert volume in kept
    assert [c["name"] for c in spec["initContainers"]] == (["own-cache"] if volume == "hostPath" else []) + ["weights"]
    served = environment(objects(model=model), spec["containers"][0])["DINOV3_MODEL_NAME"]
    assert served == (argument if argument.startswith("/") else init["command"][5])


def test_fetching_reads_no_other_secret_than_the_weights_need() -> None:
    model = {"name": "vit", "source": {"s3": {"bucket": "weights", "secretName": "weights-keys"}}}
    init = pod(deployment(objects(model=model), "inference"))["initContainers"][-1]
    secrets = {item["valueFrom"]["secretKeyRef"]["name"] for item in init["env"] if "valueFrom" in item}
    assert secrets == {"weights-keys"}
    assert not {"MONGODB_URL", "REDIS_URL", "NATS_URL"} & {item["name"] for item in init["env"]}
