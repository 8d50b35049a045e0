"""The watch on the serving model over a real bus: nothing it hears, and no fault of the index, ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.stores.conftest import Until

from dino_analytics import serving
from dino_analytics.serving import ServingModel, ServingWatch
from dino_common.bus.client import BusClient
from dino_common.bus.connection import Connection
from dino_common.bus.service import BusService
from dino_common.contracts import Service, owned_by
from dino_common.settings import Settings

STATUS: dict[str, Any] = {
    "service": "inference",
    "instance": "one",
    "version": "1",
    "ready": True,
    "reasons": [],
    "gpu": {"available": False},
    "queue_depth": 0,
    "cache_hits": 0,
    "cache_misses": 0,
    "model": {
        "name": "tiny",
        "version": "tiny@000000000001",
        "serving": True,
        "dimension": 4,
        "patch_size": 16,
        "input_size": 64,
        "device": "cpu",
        "engine": "torch",
        "precision": "fp32",
        "licence": "MIT",
        "source": "here",
        "similarity_threshold": 0.7,
        "consistency_threshold": 80.0,
        "calibration": None,
    },
}


class Inference:
    """Answers ``inference-status`` with what the test says."""

    answer: dict[str, Any] = STATUS
    asked = 0

    async def status(self, context: object, request: object) -> dict[str, Any]:
        self.asked += 1
        return self.answer

    async def nothing(self, context: object, request: object) -> dict[str, Any]:
        raise AssertionError("not asked here")


@pytest.fixture
async def bus(settings: Settings) -> AsyncIterator[BusClient]:
    connection = Connection(settings, "analytics")
    await connection.open()
    client = BusClient(connection)
    await client.start()
    yield client
    await connection.close()


@pytest.fixture
async def inference(bus: BusClient) -> AsyncIterator[Inference]:
    answering = Inference()
    handlers = {op.name: answering.nothing for op in owned_by(Service.INFERENCE) if not op.job}
    service = BusService(bus.connection, Service.INFERENCE, handlers | {"inference-status": answering.status})
    await service.start()
    yield answering
    await service.drain(1)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_PERIOD_SECONDS", 0.02)


async def test_answer_of_another_release_does_not_end_the_watch(bus: BusClient, inference: Inference, until: Until):
    inference.answer = {**STATUS, "queue_depth": "a text in a later release"}
    watch = ServingWatch(bus)
    await watch.start()

    async def asked_again() -> bool:
        return inference.asked > 2

    await until(asked_again)
    assert watch.known is None
    inference.answer = STATUS

    async def known() -> bool:
        return watch.known is not None

    await until(known)
    await watch.stop()


async def test_answer_with_further_fields_is_read(bus: BusClient, inference: Inference):
    inference.answer = {**STATUS, "field_of_a_later_release": 1}
    watch = ServingWatch(bus)
    await watch.start()
    assert watch.current().version == "tiny@000000000001"
    await watch.stop()


async def test_model_is_known_while_the_index_cannot_follow(bus: BusClient, inference: Inference, until: Until):
    """Consistency and quality need no index."""
    told: list[ServingModel] = []

    async def follow(model: ServingModel) -> None:
        told.append(model)
        if len(told) < 4:
            raise OSError("the disk is full")

    watch = ServingWatch(bus)
    watch.on_change(follow)
    await watch.start()
    assert watch.current().version == "tiny@000000000001"

    async def followed() -> bool:
        return len(told) == 4

    await until(followed)
    asked = inference.asked

    async def asked_again() -> bool:
        return inference.asked > asked + 2

    await until(asked_again)
    await watch.stop()
    assert len(told) == 4
