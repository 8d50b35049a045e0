"""What is said of shots, by the film or keyframe that it is said of. Read alone; the video service writes shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from dino_common.stores.mongo import Mongo, guarded

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class ShotWords:
    """One stored shot: its film, its keyframe's asset if it has one, and everything known of it in words."""

    video_asset_id: str
    keyframe_asset_id: str | None
    text: str


class ShotWordsStore:
    """The words of the ``shots`` collection. Every method raises ServiceUnavailable while MongoDB does not answer."""

    def __init__(self, mongo: Mongo) -> None:
        """Use this connection."""
        self._mongo = mongo
        self._shots, self._revisions = mongo.db["shots"], mongo.db["revisions"]

    @guarded
    async def of_assets(self, asset_ids: Sequence[str], most: int = 40) -> dict[str, list[str]]:
        """Return what is said of each asset that is a film or a keyframe of shots, in the order of the film.

        Args:
            asset_ids: of films, keyframes, or others that then are not in the answer.
            most: texts of one asset.
        """
        found: dict[str, list[str]] = {}
        for start in range(0, len(asset_ids), _CHUNK):
            ids = list(asset_ids[start : start + _CHUNK])
            wanted = set(ids)
            conditions = {"$or": [{"video_asset_id": {"$in": ids}}, {"keyframe_asset_id": {"$in": ids}}]}
            async for document in self._shots.find(conditions, _FIELDS).sort("start_time", ASCENDING):
                shot = _words(document)
                for asset_id in {shot.video_asset_id, shot.keyframe_asset_id} & wanted:
                    texts = found.setdefault(str(asset_id), [])
                    if len(texts) < most and shot.text not in texts:
                        texts.append(shot.text)
        return found

    @guarded
    async def changed_since(self, moment: datetime) -> tuple[list[ShotWords], datetime]:
        """Return the shots stored at that moment or later, and when the last of them was, else the moment."""
        found = self._shots.find({"stored_at": {"$gte": moment}}, _FIELDS | {"stored_at": 1})
        documents = await found.to_list()
        return [_words(document) for document in documents], max((d["stored_at"] for d in documents), default=moment)

    @guarded
    async def revision(self) -> int:
        """Return a number that grows with every change of the library of shots."""
        document = await self._revisions.find_one({"_id": "shots"})
        return 0 if document is None else int(document["n"])


_FIELDS: dict[str, Any] = {"video_asset_id": 1, "keyframe_asset_id": 1, "text": 1, "start_time": 1}


def _words(document: dict[str, Any]) -> ShotWords:
    return ShotWords(document["video_asset_id"], document.get("keyframe_asset_id"), document["text"])
