"""A description is made anew only where the new one tells more."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, cast

import numpy as np
import pytest
from tests.integration.stores.conftest import MakeAsset

from dino_analytics.core.look.description import METHOD
from dino_analytics.dense import Looked
from dino_analytics.look.descriptions import Descriptions
from dino_analytics.look.eyes import Eyes
from dino_common.bus.context import Context
from dino_common.bus.events import Events
from dino_common.look.people import People
from dino_common.stores.assets import AssetStore
from dino_common.stores.descriptions import DescriptionRecord, DescriptionStore
from dino_common.stores.mongo import Mongo

MODEL = "model@1"


class Sight:
    """Looks in this thread; ``detector`` is who is said to look for people, ``people`` what they find."""

    def __init__(self, detector: str | None, people: People | None = None) -> None:
        self._detector, self._people = detector, people

    async def detector(self, context: Context) -> str | None:
        return self._detector

    async def people(self, picture: np.ndarray, context: Context) -> People | None:
        return self._people

    async def work(self, function: Any, *args: Any) -> Any:
        return function(*args)


class Told:
    """Tells nobody."""

    async def publish(self, kind: str, event: dict[str, Any]) -> None:
        return


@pytest.fixture
async def looked(mongo: Mongo, make_asset: MakeAsset) -> Looked:
    record = make_asset(str(uuid.uuid4()))
    await AssetStore(mongo).insert(record)
    random = np.random.default_rng(7)
    patches = random.normal(size=(6, 8, 16)).astype(np.float32)
    patches /= np.linalg.norm(patches, axis=2, keepdims=True)
    return Looked(record, random.integers(0, 256, (96, 128, 3), np.uint8), patches[0, 0], patches)


Described = Callable[[Sight], Awaitable[tuple[str, bool, int | None]]]


@pytest.fixture
def described(mongo: Mongo, looked: Looked) -> Described:
    """Describe the picture; return the method that is kept then, whether it was there, and the faces answered."""
    store, context = DescriptionStore(mongo), Context("r", time.time() + 60, "p", "describe-visuals")

    async def describe(sight: Sight) -> tuple[str, bool, int | None]:
        makes = Descriptions(store, AssetStore(mongo), cast(Eyes, sight), cast(Events, Told()))
        fields, _, cached = await makes.of(looked, MODEL, context)
        kept = await store.get(looked.record.sha256, MODEL)
        assert kept is not None
        assert kept.fields == fields.model_dump(mode="json")
        return kept.method, cached, fields.faces

    return describe


async def test_people_stay_described_while_their_detector_is_away(described: Described) -> None:
    assert await described(Sight("eye-1", People([]))) == (f"{METHOD}+eye-1", False, 0)
    assert await described(Sight(None)) == (f"{METHOD}+eye-1", True, 0)
    # It goes away between the question who looks and the look.
    assert await described(Sight("eye-2")) == (f"{METHOD}+eye-1", True, 0)
    assert await described(Sight("eye-2", People([]))) == (f"{METHOD}+eye-2", False, 0)


async def test_a_detector_that_comes_replaces_what_was_described_without(described: Described) -> None:
    assert await described(Sight(None)) == (METHOD, False, None)
    assert await described(Sight(None)) == (METHOD, True, None)
    assert await described(Sight("eye-1", People([]))) == (f"{METHOD}+eye-1", False, 0)


async def test_what_another_method_described_is_described_anew(
    described: Described, mongo: Mongo, looked: Looked
) -> None:
    old = DescriptionRecord(looked.record.sha256, MODEL, "look-1+eye-1", "Old.", {})
    await DescriptionStore(mongo).put(old)
    assert await described(Sight(None)) == (METHOD, False, None)
