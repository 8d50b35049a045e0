"""What callers do: uploads, cached and new features, comparisons, searches, jobs, mistakes and too many requests."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import numpy as np
from PIL import Image
from tests.integration.platform import Platform

from dino_common.bus.tasks import end

# Few, so that even clients of a slow machine ask too often.
BATCHES_A_MINUTE = 6
_UNKNOWN = "00000000-0000-4000-8000-000000000000"
_seeds = itertools.count(1)


def photo() -> bytes:
    """A JPEG that was never sent before."""
    noise = np.random.default_rng(next(_seeds)).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()


@asynccontextmanager
async def under_load(platform: Platform) -> AsyncIterator[None]:
    """Keep a few clients busy while the block runs.

    Raises:
        AssertionError: at the end, when hardly a visit went as it should; a busy machine may time a few out.
    """
    outcomes: list[str] = []
    async with platform.client() as api:
        clients = [asyncio.create_task(_visit_again(api, outcomes)) for _ in range(2)]
        try:
            yield
        finally:
            await end(clients)
    wrong = [outcome for outcome in outcomes if outcome]
    assert len(wrong) <= len(outcomes) / 5, wrong


async def _visit_again(api: httpx.AsyncClient, outcomes: list[str]) -> None:
    while True:
        try:
            await _visit(api)
        except (AssertionError, httpx.HTTPError) as error:
            outcomes.append(repr(error))
        else:
            outcomes.append("")


async def _visit(api: httpx.AsyncClient) -> None:
    uploads = [await api.post("/upload-media", files={"file": ("noise.jpg", photo())}) for _ in range(2)]
    one, two = (answer.raise_for_status().json()["asset_id"] for answer in uploads)
    for asset_id in (one, two, one, two):
        await _expect(api, 200, "extract-features", asset_id=asset_id)
    await _expect(api, 200, "validate-consistency", asset_id_1=one, asset_id_2=two)
    await _expect(api, 200, "analyze-quality", asset_id=one)
    await _expect(api, 200, "find-similar", asset_id=one)
    await _expect(api, 404, "extract-features", asset_id=_UNKNOWN)
    await _expect(api, 422, "extract-features", asset_id="no id")
    for operation in ("batch-extract-features", "batch-analyze-quality"):
        answer = await api.post(f"/{operation}", json={"asset_ids": [one, two]})
        assert answer.status_code in (200, 429), answer.text


async def _expect(api: httpx.AsyncClient, status: int, operation: str, **body: str) -> None:
    answer = await api.post(f"/{operation}", json=body)
    assert answer.status_code == status, f"{operation}: {answer.status_code} {answer.text}"
