"""A verdict of the whole platform, from the request to the receiver."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.integration.conftest import StartPlatform
from tests.integration.gateway.waiting import until
from tests.integration.webhooks.conftest import QUICK
from tests.integration.webhooks.receiver import Receiver
from tests.unit.inference.tiny_models import write_tiny_vit


def picture(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.slow
async def test_a_verdict_and_a_job_of_real_services_reach_the_receiver(
    start_platform: StartPlatform, receiver: Receiver, tmp_path: Path
):
    platform = await start_platform(DINOV3_MODEL_NAME=str(write_tiny_vit(tmp_path / "tiny-vit")), **QUICK)
    async with platform.client() as client:
        made = await client.post("/webhooks", json={"url": receiver.url(), "events": ["verdict.made", "job.finished"]})
        secret = made.json()["secret"]
        ids = []
        for seed in (1, 2):
            answer = await client.post("/upload-media", files={"file": (f"{seed}.png", picture(seed))})
            ids.append(answer.json()["asset_id"])
        verdicts = []

        async def told() -> bool:
            # Analytics learns what is wanted within moments; verdicts before that are told to nobody.
            answer = await client.post("/validate-consistency", json={"asset_id_1": ids[0], "asset_id_2": ids[1]})
            verdicts.append(answer.json())
            return bool(receiver.received)

        await until(told)
        told_first = receiver.received[0]
        job = await client.post("/batch-extract-features", json={"asset_ids": ids})
        assert job.status_code == 200, job.text
        seen = await receiver.wait_for(lambda seen: any(r.json["type"] == "job.finished" for r in seen))
    await platform.stop()
    assert told_first.signed_by(secret)
    assert told_first.json["type"] == "verdict.made"
    for field in ("same_character", "similarity_score", "threshold", "threshold_source", "asset_id_1", "asset_id_2"):
        assert told_first.json["data"][field] == verdicts[0][field]
    (finished,) = (request.json for request in seen if request.json["type"] == "job.finished")
    assert finished["data"]["job_id"] == job.headers["x-job-id"]
    assert (finished["data"]["operation"], finished["data"]["status"]) == ("batch-extract-features", "succeeded")
