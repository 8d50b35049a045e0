"""Pictures of coarse coloured noise: each seed another one, near seeds no nearer than far ones."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import numpy as np
from PIL import Image


def noise(seed: int, size: int = 96, quality: int = 90) -> bytes:
    """A JPEG, another one for each seed."""
    cells = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(cells).resize((size, size), Image.Resampling.BICUBIC).save(file, "JPEG", quality=quality)
    return file.getvalue()


async def upload(client: httpx.AsyncClient, data: bytes, name: str, tags: str = "", **metadata: Any) -> str:
    """Return the id of a new asset."""
    answer = await client.post(
        "/upload-media",
        files={"file": (name, data, "image/jpeg")},
        data={"tags": tags, "metadata": json.dumps(metadata)},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["asset_id"]
