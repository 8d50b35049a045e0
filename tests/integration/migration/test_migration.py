"""The model version changes and goes back while clients keep asking: real processes, real servers, kill -9 included."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.main_path.photographs import NAMES
from tests.integration.migration.fleet import NEW, OLD, Fleet, wait_for
from tests.integration.migration.load import Load
from tests.integration.platform import Servers, plan_test_platform
from tests.unit.inference.tiny_models import write_tiny_vit

from dino_analytics.index.points import collection_name
from dino_common.bus.rollout_link import RolloutLink
from dino_common.settings import Settings
from dino_common.stores.features import FeatureStore
from dino_common.stores.mongo import Mongo

log = logging.getLogger(__name__)

OLD_MODEL = ""  # the built-in one
FILLERS = 60
# One picture at a time, so that the sweep lasts long enough to be killed in its middle.
SLOW = {"DINOV3_BATCH_SIZE": "1", "DINO_DECODE_THREADS": "1"}


@pytest.fixture
async def fleet(servers: Servers, tmp_path: Path) -> AsyncIterator[Fleet]:
    platform = plan_test_platform(servers, tmp_path / "platform", {})
    link = await RolloutLink.open(platform.environment["NATS_URL"], "default", platform.name)
    fleet = Fleet(platform, link)
    try:
        await fleet.start(OLD, OLD_MODEL)
        await fleet.put(serving=OLD)
        await platform.start("analytics", "gateway")
        yield fleet
    finally:
        await fleet.stop()


@pytest.fixture
async def features(fleet: Fleet) -> AsyncIterator[FeatureStore]:
    mongo = await Mongo.connect(Settings(MONGODB_URL=fleet.platform.environment["MONGODB_URL"]))
    yield FeatureStore(mongo)
    await mongo.close()


@pytest.fixture
async def load(fleet: Fleet) -> AsyncIterator[Load]:
    async with fleet.platform.client() as http:
        load = Load(http)
        yield load
        await load.stop()


async def fill(load: Load) -> list[str]:
    """Upload the library; return the assets whose neighbours are known."""
    lanes = asyncio.Semaphore(8)

    async def one(name: str | None, number: int) -> str:
        async with lanes:
            return await load.upload(name, number)

    shown = await asyncio.gather(*(one(name, number) for name in NAMES for number in range(3)))
    await asyncio.gather(*(one(None, number) for number in range(FILLERS)))
    return list(shown)


@pytest.mark.slow
async def test_model_changes_and_goes_back_while_clients_keep_asking(
    fleet: Fleet, load: Load, features: FeatureStore, tmp_path: Path
):
    tiny = str(write_tiny_vit(tmp_path / "tiny-vit"))
    settled = await fill(load)
    total = len(settled) + FILLERS
    await fleet.indexed(OLD, total)
    old = (await fleet.status(OLD)).model
    assert old is not None
    assert old.serving
    load.dimensions[old.version], load.thresholds[old.version] = old.dimension, old.consistency_threshold or 85.0
    load.start(settled)

    await dark(fleet, load, tiny)
    await canary(fleet)
    await reembed(fleet, load, tiny, total)
    await cut_over(fleet, load, OLD, NEW)
    await previous_follows_deletions(fleet, load)
    await go_back(fleet, load)
    await retire(fleet, load, features)

    await load.stop()
    log.warning("%d requests, %d failed", load.requests, len(load.failures))
    assert load.failures == []
    assert load.requests > 500
    await uploads_are_found(load)


async def dark(fleet: Fleet, load: Load, tiny: str) -> None:
    """The candidate starts, answers who asks it by name, and does nothing else."""
    await fleet.put(serving=OLD, candidate=NEW, phase="dark")
    await fleet.start(NEW, tiny, **SLOW)
    tested = await fleet.link.self_test(NEW)
    assert tested.passed, tested.reasons
    assert tested.images_per_second
    status = await fleet.status(NEW)
    assert status.model is not None
    assert (status.key, status.images_per_second, status.library) == (NEW, tested.images_per_second, None)
    assert status.model.dimension != load.dimensions[fleet.versions[OLD]]
    load.dimensions[status.model.version] = status.model.dimension
    load.thresholds[status.model.version] = status.model.consistency_threshold or 85.0
    assert (status.direct.handled, status.mirrored.handled, status.model.serving) == (0, 0, False)
    shown = (await load.http.get("/models")).json()["items"]
    assert [(m["version"], m["serving"]) for m in shown] == [
        (fleet.versions[OLD], True),
        (fleet.versions[NEW], False),
    ]


async def canary(fleet: Fleet) -> None:
    """Half of the requests are mirrored; the candidate's neighbours are compared with the serving version's."""
    before = await fleet.status(OLD)
    await fleet.put(serving=OLD, candidate=NEW, phase="canary", mirror_percent=50)

    async def mirrored():
        status = await fleet.status(NEW)
        return status if status.mirrored.handled >= 40 and sum(status.mirrored.seconds.counts) >= 5 else None

    status = await wait_for("mirrored requests", mirrored)
    handled = (await fleet.status(OLD)).direct.handled - before.direct.handled
    assert (status.mirrored.failed, status.direct.handled) == (0, 0)
    assert 0.25 < status.mirrored.handled / handled < 0.75
    compared = await fleet.link.compare(NEW, sample=60, neighbours=5)
    assert compared.candidate_version == fleet.versions[NEW]
    assert compared.sample > 40
    assert compared.agreement is not None
    assert 0 < compared.agreement <= 1


async def reembed(fleet: Fleet, load: Load, tiny: str, total: int) -> None:
    """The candidate embeds the library and is killed in the middle; analytics is killed while it indexes."""
    await fleet.put(serving=OLD, candidate=NEW, phase="reembed")

    async def under_way():
        found = (await fleet.status(NEW)).library
        return found if found is not None and 0.3 < found.done / found.total < 0.9 else None

    reached = await wait_for("the middle of the sweep", under_way)
    await fleet.kill(NEW)
    await fleet.start(NEW, tiny)
    library = (await fleet.status(NEW)).library
    assert library is not None
    assert library.done >= reached.done, "what was embedded before the kill is not embedded again"

    await load.without_analytics()
    await fleet.platform.kill("analytics")
    await fleet.platform.restart("analytics")
    await wait_for("the gateway to see analytics again", lambda: _ready(load), 5)
    load.analytics_away.clear()

    status = await fleet.embedded(NEW)
    assert status.library is not None
    assert (status.library.failed, status.library.eta_seconds) == (0, 0)
    assert status.library.done >= total
    await fleet.indexed(NEW, total)
    serving = await fleet.index(OLD)
    assert serving is not None
    assert serving.role == "serving"


async def _ready(load: Load) -> bool:
    return (await load.http.get("/ready")).status_code == 200


async def cut_over(fleet: Fleet, load: Load, old: str, new: str) -> None:
    """One message, and every answer is of the other version."""
    load.first.clear()
    written = await fleet.put(serving=new, previous=old)
    paths = ("extract-features", "find-similar", "validate-consistency", "find-similar by features")

    async def answered() -> bool:
        return all((path, fleet.versions[new]) in load.first for path in paths)

    await wait_for("answers of the new version", answered, 5)
    for path in paths:
        seconds = load.first[(path, fleet.versions[new])] - written
        log.warning("cut-over to %s: first %s after %.3f s", fleet.versions[new], path, seconds)
        assert seconds < 2
    load.counted_from = time.monotonic()
    load.answers.clear()
    await wait_for("further answers", lambda: _answers(load, 100))
    assert set(load.answers) == {fleet.versions[new]}
    health = (await load.http.get("/health")).json()
    assert health["model"]["version"] == fleet.versions[new]


async def _answers(load: Load, count: int) -> bool:
    return sum(load.answers.values()) >= count


async def previous_follows_deletions(fleet: Fleet, load: Load) -> None:
    """What goes leaves the previous version's index too, so that going back finds no ghosts."""
    kept = await fleet.index(OLD)
    assert kept is not None
    assert (kept.role, kept.complete) == ("previous", True)
    for asset_id in load.fillers[:3]:
        assert (await load.http.delete(f"/assets/{asset_id}")).status_code in (200, 204)

    async def gone() -> bool:
        index = await fleet.index(OLD)
        # A straggling request to the old version may have added one.
        return index is not None and index.indexed <= kept.indexed - 2

    await wait_for("deletions in the previous index", gone, 20)


async def go_back(fleet: Fleet, load: Load) -> None:
    """The old version embeds only what it missed, and serves again."""
    await fleet.put(serving=NEW, candidate=OLD, phase="reembed")
    began = time.monotonic()
    status = await fleet.embedded(OLD)
    log.warning("going back: %.1f s for what was missed", time.monotonic() - began)
    assert status.library is not None
    await fleet.indexed(OLD, 1)
    await cut_over(fleet, load, NEW, OLD)


async def retire(fleet: Fleet, load: Load, features: FeatureStore) -> None:
    """Nothing of a retired version is left."""
    version = fleet.versions[NEW]
    assert await features.count(version) > 0
    await fleet.put(serving=OLD)
    await fleet.children[NEW].stop()
    await fleet.put(serving=OLD, retired=(version,))

    async def gone() -> bool:
        return await features.count(version) == 0 and await fleet.index(NEW) is None

    await wait_for("features and index of the retired version", gone)

    async def removed() -> bool:
        # Those of texts lie there, too, and are of no visual model.
        return not list((fleet.platform.directory / "index").glob(f"*/{collection_name(version)}*"))

    await wait_for("no index of it on disk", removed)


async def uploads_are_found(load: Load) -> None:
    """Whatever was uploaded during the migration is found by its photograph's other pictures."""
    for asset_id, name in tuple(load.subject.items())[-10:]:
        answer = await load.http.post("/find-similar", json={"asset_id": asset_id, "limit": 5})
        assert answer.status_code == 200
        assert {load.subject.get(hit["asset_id"]) for hit in answer.json()["items"]} == {name}
    ids = list(load.subject)

    async def all_found() -> bool:
        for start in range(0, len(ids), 100):
            chunk = ids[start : start + 100]
            asked = {"asset_id": chunk[0], "limit": 100, "include_self": True, "filters": {"asset_ids": chunk}}
            answer = await load.http.post("/find-similar", json=asked)
            if {hit["asset_id"] for hit in answer.json()["items"]} != set(chunk):
                return False
        return True

    await wait_for("every upload in the index", all_found, 60)
