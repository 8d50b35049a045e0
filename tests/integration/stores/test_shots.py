"""The cinematic library as it is stored."""

from __future__ import annotations

import uuid
from dataclasses import replace

import numpy as np
import pytest

from dino_common.stores.mongo import Mongo
from dino_common.stores.shots import ShotConditions, ShotRecord, ShotStore


def shot(film: str, number: int, **more) -> ShotRecord:
    fields = {
        "shot_id": f"{film}:{number}",
        "video_asset_id": film,
        "number": number,
        "start_time": float(number),
        "end_time": number + 1.0,
        "movement_type": "static",
        "camera_angle": "eye_level",
        "shot_scale": "medium_shot",
        "angle": "eye_level",
        "emotional_tone": "calm",
        "technical_quality": 0.8,
        "description": None,
        "technical_notes": None,
        "scene_context": None,
        "tags": [],
        "keyframe_asset_id": None,
        "text": f"shot {number}",
        "text_model": "old",
        "text_vector": np.ones(4, np.float32),
    }
    return ShotRecord(**(fields | more))


async def test_shots_embedded_again_do_not_undo_what_came_meanwhile(mongo: Mongo):
    store, film = ShotStore(mongo), str(uuid.uuid4())
    await store.put([shot(film, n) for n in (1, 2, 3)])
    read = [record async for record in store.iter_all() if record.video_asset_id == film]
    # One is told anew while the texts are embedded, one goes with its film.
    await store.put([shot(film, 2, description="new words", text="new words")])
    await mongo.db["shots"].delete_one({"_id": f"{film}:3"})
    before = await store.revision()
    await store.embed_again([replace(r, text_model="new", text_vector=np.full(4, 2, np.float32)) for r in read])
    found = {record.number: record for record in (await store.list(ShotConditions(film), 10))[0]}
    assert set(found) == {1, 2}
    assert (found[1].text_model, found[1].text_vector.tolist()) == ("new", [2, 2, 2, 2])
    assert (found[2].text_model, found[2].description) == ("old", "new words")
    assert await store.revision() > before


async def test_a_change_shows_though_whoever_made_it_died_right_after(mongo: Mongo, monkeypatch):
    store, film = ShotStore(mongo), str(uuid.uuid4())
    await store.put([shot(film, 1)])

    class Dying:
        """The collection in a process that ends with its write."""

        def __getattr__(self, name: str):
            async def write(*arguments, **named):
                await getattr(mongo.db["shots"], name)(*arguments, **named)
                raise KeyboardInterrupt

            return write

    for change in (lambda: store.put([shot(film, 2)]), lambda: store.delete_of(film)):
        seen = await store.revision()
        with monkeypatch.context() as patched:
            patched.setattr(store, "_shots", Dying())
            with pytest.raises(KeyboardInterrupt):
                await change()
        assert await store.revision() > seen
