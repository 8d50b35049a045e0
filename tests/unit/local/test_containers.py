"""Dockerfile and compose files agree with each other and with the settings that the services read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices

from dino_common.settings import Settings
from dino_local.services import SERVICES

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
GPU: dict[str, Any] = yaml.safe_load((ROOT / "compose.gpu.yaml").read_text())
TARGETS = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
ARGUMENTS = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))


def setting_names() -> Iterator[str]:
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            yield from (choice for choice in alias.choices if isinstance(choice, str))
        elif isinstance(alias, str):
            yield alias


def last_stage(target: str) -> str:
    return DOCKERFILE.split(f" AS {target}\n", 1)[1].split("\nFROM ", 1)[0]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_target_that_compose_builds(service: str) -> None:
    assert service in TARGETS
    assert COMPOSE["services"][service]["build"]["target"] == service
    assert f'"dino_{service}"' in last_stage(service)


@pytest.mark.parametrize("service", SERVICES)
def test_final_images_start_from_the_runtime_stage(service: str) -> None:
    assert f"FROM runtime AS {service}\n" in DOCKERFILE
    assert "RUN" not in last_stage(service)


def test_final_images_run_as_a_plain_user_without_package_tools() -> None:
    stage = last_stage("runtime")
    assert "USER 10001:10001" in stage
    assert "pip uninstall" in stage
    assert "apt-get" not in stage
    assert "HEALTHCHECK" in stage


def test_the_inference_image_is_built_with_every_built_in_model_or_not_at_all() -> None:
    assert "-m dino_inference.pull --strict;" in last_stage("models")
    assert "pip uninstall -y pip" in last_stage("build-inference-final")


@pytest.mark.parametrize("service", SERVICES)
def test_compose_sets_only_variables_that_settings_read(service: str) -> None:
    environment = set(COMPOSE["services"][service]["environment"])
    environment |= set(GPU["services"].get(service, {}).get("environment", {}))
    known = {*setting_names(), "OTEL_EXPORTER_OTLP_ENDPOINT"}
    assert environment <= known, f"unknown to Settings: {environment - known}"


def test_image_environment_holds_only_variables_that_settings_read() -> None:
    stage = last_stage("runtime")
    named = set(re.findall(r"\b((?:DINO|API|DINOV3)_\w+)=", stage))
    assert named
    assert named <= set(setting_names())


def test_everything_waited_for_has_a_health_check() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, f"{name} waits for {needed}, which is not there"
            assert how["condition"] == "service_healthy"
            # Ours have theirs in the image.
            assert needed in SERVICES or "healthcheck" in services[needed], f"{needed} has no health check"


def test_copied_stages_and_build_arguments_exist() -> None:
    assert set(re.findall(r"--from=(\S+)", DOCKERFILE)) <= TARGETS
    assert set(GPU["services"]["inference"]["build"]["args"]) <= ARGUMENTS


def test_named_volumes_are_declared() -> None:
    used = {
        mount.split(":", 1)[0]
        for service in COMPOSE["services"].values()
        for mount in service.get("volumes", [])
        if mount[0].isalpha()
    }
    assert used <= set(COMPOSE["volumes"])


def test_mongodb_writes_are_journalled_by_a_majority() -> None:
    url = COMPOSE["services"]["gateway"]["environment"]["MONGODB_URL"]
    assert "w=majority" in url
    assert "journal=true" in url
