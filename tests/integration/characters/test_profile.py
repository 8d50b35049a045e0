"""The visual fingerprint of a character over REST."""

from __future__ import annotations

import numpy as np
import pytest
from tests.integration.characters.test_characters import checked, code, made


async def test_the_profile_says_what_the_pictures_have_in_common(api, library):
    names = ("re-encoded", "halved", "coffee")
    images = [{"asset_id": library[name], "shot_type": "front"} for name in names]
    character = await made(
        api, description="An astronaut in orange", master_reference_asset_id=library["astronaut"], images=images
    )
    path = f"/characters/{character['character_id']}/profile"
    profile = checked(await api.get(path), "get-character-profile")
    assert profile["masterReferenceAssetId"] == library["astronaut"]
    features = np.array(profile["features"])
    assert len(features) == profile["dimension"] == 384
    assert np.linalg.norm(features) == pytest.approx(1, abs=1e-4)
    master = np.array((await api.get(f"/assets/{library['astronaut']}/features")).json()["features"])
    assert features @ master > 0.95
    # The cup of coffee is no picture of the astronaut.
    assert (profile["spread"]["pictures"], profile["spread"]["left_out"]) == (3, 1)
    assert profile["consistency"] == pytest.approx(2 / 3, abs=0.001)
    assert profile["shot_types"] == {"front": 3}
    assert sum(colour["share"] for colour in profile["palette"]) > 0.5
    assert profile["lighting"]["key"]["value"] in {"low_key", "normal", "high_key"}
    assert profile["default_pose"]["value"] == "facing_camera"
    assert "An astronaut in orange" in profile["summary"]
    assert profile["palette"][0]["name"] in profile["summary"]
    assert profile["master_text"]


async def test_without_master_reference_there_is_no_profile(api):
    character = await made(api)
    assert code(await api.get(f"/characters/{character['character_id']}/profile")) == (409, "CONFLICT")
    nobody = "00000000-0000-4000-8000-000000000000"
    assert code(await api.get(f"/characters/{nobody}/profile")) == (404, "NOT_FOUND")
