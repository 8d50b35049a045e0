from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from dino_common.settings import Settings
from dino_local.endpoints import Endpoints
from dino_local.plan import PlanError, plan_platform, plan_servers
from dino_local.ports import PortPicker

KEYS = {"CLOUDFLARE_R2_ACCESS_KEY_ID": "key", "CLOUDFLARE_R2_SECRET_ACCESS_KEY": "secret"}
GIVEN = {
    "NATS_URL": ("nats", "nats://elsewhere:4222"),
    "REDIS_URL": ("redis", "redis://elsewhere:6379/1"),
    "MONGODB_URL": ("mongo", "mongodb://elsewhere/db"),
    "CLOUDFLARE_R2_ENDPOINT": ("objects", "https://account.r2.example"),
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        for name in getattr(alias, "choices", [alias]):
            if isinstance(name, str):
                monkeypatch.delenv(name, raising=False)


def settings() -> Settings:
    return Settings()  # pyright: ignore[reportCallIssue]


def free_ports() -> PortPicker:
    return PortPicker(prefer_usual=False)


def test_all_four_servers_are_ours_by_default(tmp_path: Path) -> None:
    programs, endpoints = plan_servers(tmp_path, settings(), free_ports())
    assert [program.name for program in programs] == ["nats", "redis", "mongo", "objects"]
    assert endpoints.external == ()
    assert "w=majority&journal=true" in endpoints.mongodb_url


@pytest.mark.parametrize("variable", GIVEN)
def test_server_given_by_url_is_not_started(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, url = GIVEN[variable]
    for key, value in {variable: url, **KEYS}.items():
        monkeypatch.setenv(key, value)
    plan = plan_platform(tmp_path, settings(), free_ports(), KEYS)
    assert name not in [program.name for stage in plan.stages for program in stage]
    assert plan.endpoints.external == (name,)
    assert plan.environment[variable] == url


def test_object_store_without_keys_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_R2_ENDPOINT", "https://account.r2.example")
    with pytest.raises(PlanError, match="CLOUDFLARE_R2_ACCESS_KEY_ID"):
        plan_servers(tmp_path, settings(), free_ports())


def test_asked_for_but_taken_api_port_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("API_PORT", str(port))
        with pytest.raises(PlanError, match=f"API_PORT={port}"):
            plan_platform(tmp_path, settings(), free_ports(), {})


def test_local_default_asks_no_keys_and_listens_on_loopback(tmp_path: Path) -> None:
    plan = plan_platform(tmp_path, settings(), free_ports(), {})
    assert plan.environment["DINO_AUTH"] == "off"
    assert plan.environment["API_HOST"] == "127.0.0.1"
    assert plan.environment["DINO_ADMIN_HOST"] == "127.0.0.1"


def test_user_choices_win_over_local_defaults(tmp_path: Path) -> None:
    given = {"DINO_AUTH": "on", "DINO_CACHE_DIR": "/models", "DINO_DRAIN_SECONDS": "3"}
    plan = plan_platform(tmp_path, settings(), free_ports(), given)
    assert given.items() <= plan.environment.items()
    assert plan.stages[-1][0].stop_seconds == pytest.approx(8)


def test_gateway_starts_after_the_services_it_asks(tmp_path: Path) -> None:
    plan = plan_platform(tmp_path, settings(), free_ports(), {})
    order = [{program.name for program in stage} for stage in plan.stages]
    assert order[1:] == [{"inference", "video", "analytics"}, {"gateway"}]


def test_services_read_what_the_plan_gives_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_platform(tmp_path, settings(), free_ports(), {})
    for name, value in plan.stages[-1][0].environment.items():
        monkeypatch.setenv(name, value)
    read = settings()
    assert read.nats_url == plan.endpoints.nats_url
    assert read.s3_endpoint == plan.endpoints.objects.endpoint
    assert read.s3_access_key == plan.endpoints.objects.access_key_id
    assert plan.endpoints.api_url == f"http://127.0.0.1:{read.api_port}"
    assert plan.endpoints.admin_ports is not None
    assert read.admin_port == plan.endpoints.admin_ports["gateway"]


def test_object_store_keys_are_made_once_for_their_owner(tmp_path: Path) -> None:
    first = plan_servers(tmp_path, settings(), free_ports())[1]
    second = plan_servers(tmp_path, settings(), free_ports())[1]
    assert first.objects.secret_access_key == second.objects.secret_access_key
    assert stat.S_IMODE((tmp_path / "object-store-keys.json").stat().st_mode) == 0o600


def test_endpoints_file_reads_back_and_is_private(tmp_path: Path) -> None:
    endpoints = plan_platform(tmp_path, settings(), free_ports(), {}).endpoints
    path = endpoints.write(tmp_path)
    assert Endpoints.read(tmp_path) == endpoints
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
