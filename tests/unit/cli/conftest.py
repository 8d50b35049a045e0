"""Fixtures: the stand-in of the gateway, and a runner of commands against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.cli.stand_in import StandIn
from typer.testing import CliRunner, Result

from dino_cli.app import app

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nothing_of_the_developers_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DINO_SERVICE_URL", "DINO_API_KEY", "DINO_VAR", "MONGODB_URL", "DINO_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def gateway() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def run(gateway: StandIn) -> Run:
    """``run("health", "--json")``: the command against the stand-in, at a width of 80."""

    def invoke(*arguments: str, **environment: str) -> Result:
        given = {"DINO_SERVICE_URL": gateway.url, "COLUMNS": "80"} | environment
        return CliRunner().invoke(app, list(arguments), env=given)

    return invoke
