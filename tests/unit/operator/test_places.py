"""Every setting of the services has a place in the resource; what has none is other programs' and goes into env."""

from __future__ import annotations

import re
from typing import Any

import pytest
from docs.places import FIELDS, FIXED
from pydantic import AliasChoices
from tests.unit.operator.building import deployment, environment, objects, pod, resource

from dino_common.settings import Settings
from dino_operator.control.secrets import needs
from dino_operator.crd import definition
from dino_operator.render import Facts
from dino_operator.render.context import CHECKSUM, SERVICES
from dino_operator.spec import InvalidResource

SPEC = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
# Credentials of the pod's own role need it, and S3_REGION, which is always given, goes before it.
BOTOCORE = {"AWS_REGION"}
HEADERS = {"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": {"secretKeyRef": {"name": "collector", "key": "headers"}}}

EVERYTHING: dict[str, Any] = {
    "connections": {
        "mongodb": {"secretName": "mongo"},
        "redis": {"secretName": "redis"},
        "nats": {"secretName": "nats"},
        "vectorIndex": {"secretName": "index"},
        "objectStorage": {
            "secretName": "objects",
            "bucket": "pictures",
            "publicUrl": "https://cdn.example",
            "region": "eu-1",
            "presignedUrlSeconds": 60,
        },
    },
    "model": {"name": "x", "source": {"image": {}}, "precision": "fp32"},
    "gateway": {
        "publicUrl": "https://api.example",
        "cors": {"origins": ["https://a.example"]},
        "trustedProxies": ["10.0.0.1"],
        "auth": {"enabled": False, "jwt": {"jwksUrl": "https://i.example/k", "issuer": "i", "audience": "a"}},
        "limits": {"maxFileSizeMB": 51, "maxPresignedSizeMB": 52, "maxBatchSize": 53, "maxPixels": 54_000},
        "rateLimits": {"default": 1, "upload": 2, "batch": 3},
        "maxConcurrency": 7,
        "webhooks": {
            "allowPrivate": ["a.example"],
            "secretName": "seals",
            "timeoutSeconds": 1,
            "maxAttempts": 2,
            "firstRetrySeconds": 3,
            "disableAfterSeconds": 61,
            "keepDeliveriesSeconds": 62,
        },
    },
    "inference": {
        "gpu": {},
        "batchSize": 3,
        "maxBatchDelay": "4ms",
        "queueLimit": 5,
        "decodeThreads": 6,
        "extractOnUpload": False,
        "imageTextModel": "off",
        "maxConcurrency": 7,
    },
    "video": {"limits": {"maxSeconds": 1, "maxFrames": 2, "maxDecodeSeconds": 3}, "maxConcurrency": 7},
    "analytics": {
        "decodeThreads": 6,
        "maxConcurrency": 7,
        "generator": {"url": "https://g.example", "timeoutSeconds": 5, "secretName": "generator"},
    },
    "faceDetector": "off",
    "lifetimes": {
        "featuresSeconds": 1,
        "similaritySeconds": 2,
        "preprocessedSeconds": 3,
        "jobsSeconds": 63,
        "scratchSeconds": 3601,
        "verdictsSeconds": 86_401,
        "verdictsKept": 101,
    },
    "telemetry": {"otlpEndpoint": "https://o.example", "logFormat": "console", "logLevel": "DEBUG"},
    "podTemplate": {"drainSeconds": 1},
}


def aliases() -> dict[str, list[str]]:
    """Names of each setting, the usual one first."""
    found: dict[str, list[str]] = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        found[name] = [str(a) for a in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]
    return found


def of_every_service(**spec: Any) -> dict[str, dict[str, str | None]]:
    found = objects(Facts(), **spec)
    return {service: environment(found, pod(deployment(found, service))["containers"][0]) for service in SERVICES}


def test_every_setting_has_a_field_or_a_reason_for_having_none() -> None:
    assert set(FIELDS) & set(FIXED) == set()
    assert set(FIELDS) | set(FIXED) == {names[0] for names in aliases().values()}


@pytest.mark.parametrize("path", sorted({p for text in FIELDS.values() for p in re.findall(r"spec[.\w]+", text)}))
def test_every_named_field_exists(path: str) -> None:
    node = SPEC
    for name in path.split(".")[1:]:
        node = node["properties"][name]


@pytest.mark.parametrize("variable", sorted(set(FIELDS)))
def test_a_field_reaches_every_service_that_bears_its_variable(variable: str) -> None:
    absent = "not there"
    before, after = of_every_service(), of_every_service(**EVERYTHING)
    changed = [s for s in SERVICES if before[s].get(variable, absent) != after[s].get(variable, absent)]
    bearing = [s for s in SERVICES if variable in after[s]]
    # Those that are read from Secrets have no value to compare.
    assert bearing
    assert changed == bearing or all(after[s][variable] is None for s in bearing)


def test_faces_are_looked_for_where_pictures_are_looked_at() -> None:
    for service, variables in of_every_service(faceDetector="auto").items():
        assert variables.get("DINO_FACE_DETECTOR") == (None if service == "gateway" else "auto")


def test_what_is_not_written_is_as_the_services_have_it() -> None:
    names = {names[0]: name for name, names in aliases().items()}
    webhooks = {"gateway": {"webhooks": {}}}
    for variables in of_every_service(**webhooks).values():
        for variable, value in variables.items():
            if variable in FIELDS and value is not None and variable != "DINOV3_DEVICE":
                name = names[variable]
                read = Settings.model_validate({variable: value})
                assert getattr(read, name) == Settings.model_fields[name].default, variable


def taken() -> list[str]:
    return [*sorted({name for names in aliases().values() for name in names} - BOTOCORE), "HOME"]


@pytest.mark.parametrize("name", taken())
def test_a_setting_of_the_platform_is_refused_in_env(name: str) -> None:
    with pytest.raises(InvalidResource, match="use its field"):
        resource(video={"env": [{"name": name, "value": "x"}]})
    with pytest.raises(InvalidResource, match="use its field"):
        resource(video={"env": [{"name": name.lower(), "value": "x"}]})


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "no_proxy", "HF_TOKEN", "AWS_REGION", "HOMEPAGE"])
def test_a_variable_of_another_program_is_taken_in_env(name: str) -> None:
    assert resource(video={"env": [{"name": name, "value": "x"}]}).spec.video.env[0].name == name


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ({"name": "A"}, "exactly one of value and valueFrom"),
        ({"name": "A", "value": "x"} | {"valueFrom": HEADERS["valueFrom"]}, "exactly one of value and valueFrom"),
        ({"name": "A", "valueFrom": {}}, "exactly one of secretKeyRef"),
        ({"name": "A B", "value": "x"}, "not 'A B'"),
    ],
)
def test_a_wrong_variable_is_refused(variable: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidResource, match=words):
        resource(video={"env": [variable]})


def test_env_reaches_the_service_and_the_fetch_of_its_weights() -> None:
    proxy = {"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}
    found = objects(inference={"env": [proxy]})
    spec = pod(deployment(found, "inference"))
    assert proxy in spec["containers"][0]["env"]
    assert proxy in next(c for c in spec["initContainers"] if c["name"] == "weights")["env"]
    assert all("HTTPS_PROXY" not in environment(found, pod(deployment(found, s))["containers"][0]) for s in ("video",))


def test_a_secret_of_env_is_watched_and_restarts_its_service_alone() -> None:
    made = resource(video={"env": [HEADERS]})
    (need,) = [need for need in needs(made, Facts()) if need.secret == "collector"]
    assert (need.key, need.field, need.optional) == ("headers", "spec.video.env", False)

    def checksums(digest: str) -> dict[str, str]:
        found = objects(Facts(secret_hashes={"collector": digest}), video={"env": [HEADERS]})
        templates = {s: deployment(found, s)["spec"]["template"] for s in SERVICES}
        return {s: template["metadata"]["annotations"][CHECKSUM] for s, template in templates.items()}

    one, other = checksums("1"), checksums("2")
    assert [s for s in SERVICES if one[s] != other[s]] == ["video"]
