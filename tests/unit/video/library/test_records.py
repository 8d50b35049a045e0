"""What clients store is shown again, whatever they call things."""

from __future__ import annotations

import uuid
from dataclasses import replace

import numpy as np
import pytest

from dino_common.contracts.shot_library import StoreShotsRequest
from dino_video.library.records import draft_of, shown

FILM, FRAME = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


@pytest.mark.parametrize(
    ("keyframes", "kept"),
    [([{"asset_id": FRAME}], FRAME), ([{"asset_id": "kf_1"}], None), ([{"asset_id": 7}], None), ("kf_1", None)],
)
def test_a_keyframe_is_an_asset_or_none(keyframes: object, kept: str | None) -> None:
    request = StoreShotsRequest.model_validate(
        {"video_asset_id": FILM, "shots": [{"start_time": 0, "end_time": 1, "keyframes": keyframes}]}
    )
    record = replace(draft_of(request, request.shots[0]), text_model="m", text_vector=np.ones(1, np.float32))
    assert shown(record).keyframe_asset_id == kept
