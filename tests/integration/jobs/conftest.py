"""A queue, a document store and a connection of their own for the tests of one worker."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

# Fixtures are found by their names here.
from tests.integration.stores.conftest import mongo, settings, until

from dino_common.bus.connection import Connection
from dino_common.settings import Settings

__all__ = ["connection", "mongo", "settings", "until"]


@pytest.fixture
async def connection(settings: Settings) -> AsyncIterator[Connection]:
    opened = Connection(settings, "worker")
    await opened.open()
    yield opened
    await opened.close()
