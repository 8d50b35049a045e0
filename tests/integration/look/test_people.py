"""People of pictures over REST: they tell shot scale, headroom, pose, and what is implausible."""

from __future__ import annotations

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.integration.look.test_look import ask, upload
from tests.integration.main_path.photographs import picture
from tests.integration.platform import Platform


@pytest.mark.parametrize(
    ("box", "scale"),
    [
        ((0, 0, 512, 512), "medium"),
        ((96, 0, 416, 320), "medium_close_up"),
        ((134, 30, 314, 210), "close_up"),
    ],
)
async def test_the_face_of_a_portrait_tells_its_scale(platform: Platform, box: tuple[int, int, int, int], scale: str):
    async with platform.client() as api:
        body = await ask(api, "describe-visuals", asset_id=await upload(api, picture("astronaut").crop(box)))
        assert (body["shot_scale"]["value"], body["shot_scale_source"]) == (scale, "faces")
        assert body["shot_scale"]["confidence"] > 0.5
        assert body["faces"] == 1
        assert body["pose"]["value"] == "facing_camera"


async def test_headroom_is_measured_from_the_face(platform: Platform):
    async with platform.client() as api:
        astronaut = picture("astronaut")
        room = Image.new("RGB", (512, 700), (200, 200, 205))
        room.paste(astronaut, (0, 188))
        close = await composed(api, astronaut.crop((60, 60, 400, 400)))
        wide = await composed(api, room)
        assert close["head_space"] < 0.02
        assert wide["head_space"] > 0.2
        assert close["headroom"]["confidence"] > 0.5


async def composed(api: httpx.AsyncClient, image: Image.Image) -> dict:
    return await ask(api, "analyze-composition", asset_id=await upload(api, image), drawing=False)


async def test_a_region_with_a_face_is_called_so(platform: Platform):
    async with platform.client() as api:
        coffee = picture("coffee")
        views = [coffee.crop((x, y, x + 540, y + 360)) for x, y in ((0, 0), (60, 40), (0, 40), (60, 0), (30, 20))]
        references = [await upload(api, view) for view in views[:4]]
        views[4].paste(picture("astronaut").crop((150, 20, 310, 180)), (370, 20))
        body = await ask(
            api, "assess-plausibility", asset_id=await upload(api, views[4]), reference_asset_ids=references
        )
        assert body["verdict"] == "implausible"
        assert "face" in {name for region in body["regions"] for name in region["contains"]}


async def test_a_texture_has_nobody(platform: Platform):
    async with platform.client() as api:
        noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8)
        body = await ask(api, "describe-visuals", asset_id=await upload(api, Image.fromarray(noise)))
        assert body["faces"] == 0
        assert body["pose"]["reason"] == "no_person_found"
