"""What crashed or ended work left in the object store: swept by age, unless somebody under way owns it."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.integration.platform import Platform

from dino_common.settings import Settings
from dino_common.stores.assets import AssetRecord
from dino_common.stores.jobs import JobRecord
from dino_common.stores.mongo import utc_now
from dino_gateway.backends import Backends, open_backends
from dino_gateway.scratch_sweep import sweep_objects, sweep_spooled
from dino_gateway.stats import Stats

SHOTS = "scratch/shots"


@pytest.fixture
async def backends(gateway: Platform, settings_of: Callable[[Platform], Settings]) -> AsyncIterator[Backends]:
    async with open_backends(settings_of(gateway), Stats()) as opened:
        yield opened


@pytest.fixture
def put(backends: Backends) -> Callable:
    async def stored(key: str) -> str:
        await backends.objects.put_bytes(key, b"left behind", "application/octet-stream")
        return key

    return stored


async def film_under_way(backends: Backends) -> tuple[str, str]:
    """Return the content of a film and the id of a job that looks at it."""
    sha256, film = uuid.uuid4().hex * 2, str(uuid.uuid4())
    key, kind = f"media/{sha256}.mp4", "video/mp4"
    await backends.assets.insert(AssetRecord(film, sha256, key, kind, "film.mp4", 1000, 640, 480, "MP4", "video"))
    job = JobRecord(str(uuid.uuid4()), "track-objects", "video", {"video_asset_id": film})
    await backends.jobs.create(job)
    return sha256, job.job_id


async def test_old_scratch_goes_unless_a_job_under_way_needs_it(backends: Backends, put) -> None:
    sha256, job_id = await film_under_way(backends)
    other = uuid.uuid4().hex * 2
    kept = {await put(f"{SHOTS}/{sha256}/v1/00000"), await put(f"{SHOTS}/{sha256}/jobs/{job_id}/00000-a")}
    gone = {
        await put(f"{SHOTS}/{other}/v1/00000"),
        await put(f"{SHOTS}/{sha256}/jobs/{uuid.uuid4()}/00000-a"),
        await put(f"scratch/{uuid.uuid4()}"),
    }
    # A minute ahead: whatever is there by now is old.
    assert await sweep_objects(backends, utc_now() - timedelta(hours=1)) == 0
    assert await sweep_objects(backends, utc_now() + timedelta(minutes=1)) >= len(gone)
    assert {entry.key async for entry in backends.objects.below("scratch/")} >= kept
    assert not {entry.key async for entry in backends.objects.below("scratch/")} & gone

    await backends.jobs.cancelled(job_id)
    await sweep_objects(backends, utc_now() + timedelta(minutes=1))
    assert not {entry.key async for entry in backends.objects.below("scratch/")} & kept


async def test_bytes_put_again_to_a_used_address_go(
    client: httpx.AsyncClient, backends: Backends, put, photo: bytes
) -> None:
    asked = {"filename": "a.jpg", "content_type": "image/jpeg", "file_size": len(photo)}
    used = (await client.post("/upload-media/presign", json=asked)).json()
    pending = (await client.post("/upload-media/presign", json=asked)).json()
    kind = {"Content-Type": "image/jpeg"}
    async with httpx.AsyncClient(trust_env=False) as store:
        for where in (used, pending):
            assert (await store.put(where["url"], content=photo, headers=kind)).status_code == 200
        done = await client.post("/upload-media/complete", json={"upload_id": used["upload_id"]})
        assert done.status_code == 200, done.text
        # The address works until it expires.
        assert (await store.put(used["url"], content=bytes(len(photo)), headers=kind)).status_code == 200
    forgotten = await put(f"incoming/{uuid.uuid4()}")

    await sweep_objects(backends, utc_now() + timedelta(minutes=1))
    left = {entry.key async for entry in backends.objects.below("incoming/")}
    assert f"incoming/{pending['upload_id']}" in left
    assert not left & {forgotten, f"incoming/{used['upload_id']}"}
    done = await client.post("/upload-media/complete", json={"upload_id": pending["upload_id"]})
    assert done.status_code == 200, done.text
    assert (await client.get(f"/assets/{done.json()['asset_id']}/content")).content == photo


async def test_a_listing_longer_than_a_page_names_everything_once(backends: Backends, put) -> None:
    mine = f"scratch/{uuid.uuid4()}"
    keys = [await put(f"{mine}/{n:03d}") for n in range(7)]
    assert [entry.key async for entry in backends.objects.below(f"{mine}/", batch=3)] == keys
    assert [entry.size async for entry in backends.objects.below(f"{mine}/")] == [len(b"left behind")] * 7


def test_files_of_killed_gateways_go_and_those_being_received_stay(tmp_path: Path) -> None:
    old, new, foreign = (tmp_path / name for name in ("dino-upload-old", "dino-upload-new", "another-old"))
    for path in (old, new, foreign):
        path.write_bytes(b"x")
    day = (utc_now() - timedelta(days=1)).timestamp()
    for path in (old, foreign):
        os.utime(path, (day, day))
    assert sweep_spooled(tmp_path, utc_now() - timedelta(hours=1)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another-old", "dino-upload-new"]
