"""Fixtures of the integration tests: real servers once per run, real service processes on top of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.platform import MODELS, Platform, Servers, plan_test_platform

StartPlatform = Callable[..., Awaitable[Platform]]
_running: list[Platform] = []


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """NATS, Redis, MongoDB and S3, started once."""
    running = await Servers.start(tmp_path_factory.mktemp("servers"))
    yield running
    await running.stop()


@pytest.fixture(scope="session")
async def start_platform(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StartPlatform]:
    """Factory of platforms: ``await start_platform(DINOV3_MODEL_NAME=..., services=(...))``.

    Each has its own deployment name, database, bucket and index; keyword arguments are environment
    variables. Platforms still running at the end of the run are stopped.
    """
    MODELS.mkdir(parents=True, exist_ok=True)

    async def start(services: tuple[str, ...] = (), **environment: str) -> Platform:
        directory: Path = tmp_path_factory.mktemp("platform")
        platform = plan_test_platform(servers, directory, environment)
        _running.append(platform)
        try:
            await platform.start(*services)
        except BaseException:
            await platform.stop()
            raise
        return platform

    yield start
    for platform in _running:
        await platform.stop()


@pytest.fixture(scope="session")
async def platform(start_platform: StartPlatform) -> Platform:
    """The platform that most tests share: built-in model, no keys asked, limits out of the way."""
    return await start_platform()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, begin with the files that have the most slow ones, so that no process
    is left with one when all others end.
    """
    if not hasattr(config, "workerinput"):
        return
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the services' last log lines to the report of a failed test."""
    report = yield
    if report.failed:
        for running in _running:
            if any(child.alive for child in running.children.values()):
                report.sections.append((f"logs of {running.name}", running.tails()))
    return report
