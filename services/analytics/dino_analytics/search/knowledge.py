"""Gathers what is known of assets from the stores of every service."""

from __future__ import annotations

from collections.abc import Sequence

from dino_analytics.core.search.known import Known, film_words, known
from dino_common.stores.assets import AssetRecord, AssetStore
from dino_common.stores.descriptions import DescriptionStore
from dino_common.stores.shot_words import ShotWordsStore


class Knowledge:
    """Reads names, tags and metadata, the shots of films and keyframes, and stored descriptions."""

    def __init__(self, assets: AssetStore, shots: ShotWordsStore, looks: DescriptionStore) -> None:
        """Use these stores."""
        self._assets, self._shots, self._looks = assets, shots, looks

    async def of(self, records: Sequence[AssetRecord]) -> dict[str, Known]:
        """Return what is known of each asset, by id.

        Raises:
            ServiceUnavailable: a store does not answer.
        """
        shots = await self._shots.of_assets([record.asset_id for record in records])
        films = await self._assets.get_many([r.derived_from for r in records if r.derived_from is not None])
        looks = await self._looks.texts(record.sha256 for record in records)
        found: dict[str, Known] = {}
        for record in records:
            film = films.get(record.derived_from) if record.derived_from else None
            found[record.asset_id] = known(
                record.filename,
                record.tags,
                record.metadata,
                shots=shots.get(record.asset_id, ()),
                film=None if film is None else film_words(film.filename, film.tags),
                look=looks.get(record.sha256),
            )
        return found
