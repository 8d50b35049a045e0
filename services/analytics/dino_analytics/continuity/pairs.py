"""Which pictures are compared with which: neighbours as listed, or the shots of one scene of a film."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.continuity import CheckContinuityRequest
from dino_common.errors import InvalidFileFormat, InvalidRequest, NotFound
from dino_common.stores.assets import AssetRecord, AssetStore

LOOKED_BACK = 6
"""Shots before one that may show the same scene: in a dialogue the set-ups alternate."""
SAME_SCENE = 0.45
"""Cosine of two keyframes' features from which they may be of one scene."""
MOST_PAIRS = 64
_PAGE = 200
_MOST_KEYFRAMES = 20_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Pairs of assets to compare.

    Attributes:
        pairs: first and second asset.
        alone: numbers of shots that resemble none before them.
        left_out: pairs beyond the most that are compared.
    """

    pairs: list[tuple[AssetRecord, AssetRecord]]
    alone: list[int]
    left_out: int


class Pairs:
    """Chooses pairs for a request."""

    def __init__(self, assets: AssetStore, vectors: VectorSource) -> None:
        """Read from these."""
        self._assets, self._vectors = assets, vectors

    async def of(self, request: CheckContinuityRequest, context: Context) -> Chosen:
        """Return the pairs of a request.

        Raises:
            AssetNotFound, InvalidFileFormat: a picture or the film is missing or of the wrong kind.
            NotFound: the film has no keyframes, or not of a shot that was asked for.
            InvalidRequest: a region names a picture that is not compared.
        """
        if request.asset_ids is not None:
            records = [await self._assets.get(asset_id) for asset_id in request.asset_ids]
            if films := [record.asset_id for record in records if record.kind != "image"]:
                raise InvalidFileFormat(
                    f"Asset {films[0]} is a film, not a picture", details="A film is given as video_asset_id."
                )
            chosen = Chosen(list(itertools.pairwise(records)), [], 0)
            known = {record.asset_id for record in records}
        else:
            assert request.video_asset_id is not None
            shots = await self._keyframes(request.video_asset_id)
            chosen = await self._of_film(shots, request.shots, request.video_asset_id, context)
            known = {record.asset_id for frames in shots.values() for record in frames}
        if strange := [hint.asset_id for hint in request.regions if hint.asset_id not in known]:
            raise InvalidRequest(f"regions: asset {strange[0]} is none of the pictures that are compared")
        return chosen

    async def _keyframes(self, film_id: str) -> dict[int, list[AssetRecord]]:
        """Return the keyframes of each shot, by its number, in the order of time."""
        film = await self._assets.get(film_id)
        if film.kind != "video":
            raise InvalidFileFormat(f"Asset {film_id} is a picture, not a film", details="Give pictures as asset_ids.")
        found: dict[int, list[AssetRecord]] = {}
        cursor: str | None = None
        seen = 0
        while True:
            records, cursor = await self._assets.list(_PAGE, cursor, kind="image", derived_from=film_id)
            for record in records:
                number = record.metadata.get("shot")
                if isinstance(number, int):
                    found.setdefault(number, []).append(record)
            seen += len(records)
            if cursor is None or seen >= _MOST_KEYFRAMES:
                break
        if not found:
            raise NotFound(
                f"Film {film_id} has no keyframes",
                details="Run POST /api/v1/analyze-video-shots with extract_keyframes first.",
            )
        return {n: sorted(found[n], key=_seconds) for n in sorted(found)}

    async def _of_film(
        self, shots: dict[int, list[AssetRecord]], wanted: list[int] | None, film_id: str, context: Context
    ) -> Chosen:
        if wanted is not None and (missing := [number for number in wanted if number not in shots]):
            raise NotFound(f"Film {film_id} has no shot {missing[0]}", details=f"It has {max(shots)} shots.")
        if wanted is None and len(shots) < 2:
            return Chosen([], sorted(shots), 0)
        numbers = wanted or sorted(shots)
        ids = [record.asset_id for number in numbers for record in shots[number]]
        _, embedded = await self._vectors.all_of(ids, context)
        vectors = {one.asset_id: one.vector for one in embedded}
        if wanted is not None:
            both = itertools.pairwise(wanted)
            pairs = [_most_alike(shots[a], shots[b], vectors)[0] for a, b in both]
            return Chosen(pairs, [], 0)
        return _same_scenes(numbers, shots, vectors)


def _same_scenes(numbers: Sequence[int], shots: dict[int, list[AssetRecord]], vectors: dict[str, np.ndarray]) -> Chosen:
    """Pair each shot with the nearest before it that shows the same scene."""
    pairs: list[tuple[AssetRecord, AssetRecord]] = []
    alone: list[int] = []
    for place, number in enumerate(numbers):
        for earlier in reversed(numbers[max(0, place - LOOKED_BACK) : place]):
            pair, cosine = _most_alike(shots[earlier], shots[number], vectors)
            if cosine >= SAME_SCENE:
                pairs.append(pair)
                break
        else:
            alone.append(number)
    return Chosen(pairs[:MOST_PAIRS], alone, max(0, len(pairs) - MOST_PAIRS))


def _most_alike(
    first: Sequence[AssetRecord], second: Sequence[AssetRecord], vectors: dict[str, np.ndarray]
) -> tuple[tuple[AssetRecord, AssetRecord], float]:
    """The keyframes of two shots that show most of the same: what is in both is compared best there."""
    cosines = np.stack([vectors[one.asset_id] for one in first]) @ np.stack([vectors[one.asset_id] for one in second]).T
    here, there = np.unravel_index(int(cosines.argmax()), cosines.shape)
    return (first[int(here)], second[int(there)]), float(cosines.max())


def _seconds(record: AssetRecord) -> float:
    """Return a keyframe's time in the film; users may have written something else there."""
    time = record.metadata.get("time")
    return float(time) if isinstance(time, int | float) else 0.0
