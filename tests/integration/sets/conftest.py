"""A library of photographs and their copies, uploaded once."""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.integration.main_path.photographs import encoded, picture
from tests.integration.platform import Platform

from dino_common.contracts import OPERATIONS

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
MARK = "sets-test"


@pytest.fixture(scope="module")
async def api(platform: Platform):
    async with platform.client() as client:
        yield client


def copies(name: str) -> dict[str, bytes]:
    """A photograph and copies of it, by what was done to them."""
    original = picture(name)
    width, height = original.size
    small = original.resize((width // 2, height // 2))
    part = original.crop((width // 8, height // 8, width - width // 8, height - height // 8))
    warm = Image.fromarray(np.clip(np.asarray(original) * np.array([1.18, 1.0, 0.72]), 0, 255).astype(np.uint8))
    return {
        "original": encoded(original, quality=95),
        "exact": encoded(original, quality=95),
        "re-encoded": encoded(original, quality=40),
        "half": encoded(small),
        "part": encoded(part),
        "warm": encoded(warm),
        "mirrored": encoded(ImageOps.mirror(original)),
    }


@pytest.fixture(scope="module")
async def library(api: httpx.AsyncClient) -> dict[tuple[str, str], str]:
    """Asset ids by photograph and copy."""
    ids: dict[tuple[str, str], str] = {}

    async def upload(name: str, change: str, data: bytes) -> None:
        answer = await api.post(
            "/upload-media",
            files={"file": (f"{name}-{change}.jpg", data)},
            data={"tags": f'["{MARK}", "{name}"]'},
        )
        assert answer.status_code == 200, answer.text
        ids[name, change] = answer.json()["asset_id"]

    await asyncio.gather(*(upload(name, change, data) for name in PHOTOGRAPHS for change, data in copies(name).items()))
    # Their features are there once every one of them is asked for.
    answer = await api.post("/batch-similarity", json={"asset_ids": list(ids.values())})
    assert answer.status_code == 200, answer.text
    # In one order, whichever upload ended first.
    return {(name, change): ids[name, change] for name in PHOTOGRAPHS for change in copies(name)}


async def ask(api: httpx.AsyncClient, operation: str, **body) -> dict:
    """Ask for a set, check the answer by the operation's own contract, and return it."""
    answer = await api.post(
        f"/{operation}", json=body, timeout=180, params={"wait": 150} if "pairs" not in body else {}
    )
    assert answer.status_code == 200, answer.text
    OPERATIONS[operation].response.model_validate(answer.json())
    return answer.json()
