"""Pictures of the library that are deleted while a job on the library runs."""

from __future__ import annotations

import io

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.gateway.waiting import until

from dino_common.contracts import OPERATIONS

MARK = "deleted-meanwhile"
COUNT = 24


def made(number: int) -> bytes:
    """Stripes and noise of their own."""
    rng = np.random.default_rng(number)
    stripes = np.sin(np.linspace(0, 3 + number, 320))[None, :, None] * rng.uniform(20, 90, 3)
    pixels = np.clip(120 + stripes + rng.normal(0, 12, (240, 320, 3)), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.fixture
async def pictures(api: httpx.AsyncClient) -> list[str]:
    """Ids, sorted, of pictures with their features."""

    async def upload(number: int) -> str:
        answer = await api.post(
            "/upload-media", files={"file": (f"{number}.jpg", made(number))}, data={"tags": f'["{MARK}"]'}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["asset_id"]

    ids = sorted([await upload(number) for number in range(COUNT)])

    async def all_indexed() -> bool:
        return await indexed(api, ids[0]) == COUNT - 1

    await until(all_indexed, 120)
    yield ids
    for asset_id in ids:
        await api.delete(f"/assets/{asset_id}")


async def indexed(api: httpx.AsyncClient, asset_id: str) -> int:
    """Return how many of the others a search with their tag finds."""
    fields = {"asset_id": asset_id, "limit": COUNT, "filters": {"tags_all": [MARK]}}
    answer = await api.post("/find-similar", json=fields)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])


async def reached(api: httpx.AsyncClient, job_id: str, stages: set[str]) -> dict:
    """Return the job once it is at one of the stages, or has ended."""
    job: dict = {}

    async def there() -> bool:
        nonlocal job
        job = (await api.get(f"/jobs/{job_id}")).json()
        return job["progress"]["stage"] in stages or job["status"] not in ("queued", "running")

    await until(there, 120)
    return job


async def test_anomalies_of_a_library_from_which_pictures_go(api: httpx.AsyncClient, pictures: list[str]):
    operation = "detect-anomalies"
    body = {"filters": {"tags_all": [MARK]}, "threshold": 0.3, "limit": COUNT, "drawings": 0}
    accepted = await api.post(f"/{operation}", json=body, params={"wait": 0})
    assert accepted.status_code == 202, accepted.text
    job_id = accepted.json()["job_id"]
    job = await reached(api, job_id, {"looking at the reference"})
    assert job["status"] == "running", "it ended before anything could be deleted"
    # Looked at in the order of their ids, a few at a time: these come last.
    for asset_id in pictures[-2:]:
        assert (await api.delete(f"/assets/{asset_id}")).status_code == 200
    job = await reached(api, job_id, set())
    assert job["status"] == "succeeded", job
    answer = job["result"]
    OPERATIONS[operation].response.model_validate(answer)
    assert answer["deleted_meanwhile"] == 2
    assert answer["total"] == COUNT - 2
    assert {item["asset_id"] for item in answer["items"]} == set(pictures[:-2])


async def test_named_pictures_that_are_missing_are_not_found(api: httpx.AsyncClient, pictures: list[str]):
    gone = pictures[0]
    assert (await api.delete(f"/assets/{gone}")).status_code == 200
    for operation in ("find-duplicates", "cluster-assets", "detect-anomalies", "analyze-patterns"):
        answer = await api.post(f"/{operation}", json={"asset_ids": pictures[:3]}, params={"wait": 60}, timeout=90)
        assert answer.status_code == 404, answer.text
        assert gone in answer.text
