"""Handlers of the cinematic library: storing shots, listing them, suggesting them for a scene."""

from __future__ import annotations

import time
from dataclasses import replace

from dino_common.bus.context import Context
from dino_common.contracts.shot_library import (
    ListShotsRequest,
    ShotFilters,
    ShotPage,
    StoreShotsRequest,
    StoreShotsResponse,
    SuggestedShot,
    SuggestShotsRequest,
    SuggestShotsResponse,
    VideoShotsRequest,
)
from dino_common.errors import AssetNotFound
from dino_common.stores.assets import AssetStore
from dino_common.stores.shots import ShotConditions, ShotStore
from dino_video.analysis.film import film_asset
from dino_video.core.suggestions import Wish, best, plain_words, score
from dino_video.library.records import draft_of, name_of, reasons, shown, suggestion
from dino_video.library.shelf import Shelf, Shelves
from dino_video.library.texts import Texts

_RENEWED_AT_ONCE = 512


class LibraryHandlers:
    """store-shot-data, list-shots, list-video-shots and suggest-shots."""

    def __init__(self, assets: AssetStore, shots: ShotStore, texts: Texts) -> None:
        """Use these stores."""
        self._assets, self._shots, self._texts = assets, shots, texts
        self._shelves = Shelves(shots)

    async def store(self, context: Context, request: StoreShotsRequest) -> StoreShotsResponse:
        """Answer ``POST /store-shot-data``.

        Raises:
            AssetNotFound: there is no such film, or no longer.
            InvalidFileFormat: the asset is a picture.
        """
        began = time.perf_counter()
        await film_asset(self._assets, request.video_asset_id)
        drafts = {draft.shot_id: draft for draft in (draft_of(request, shot) for shot in request.shots)}
        model, vectors = await self._texts.embed([draft.text for draft in drafts.values()], context)
        records = [
            replace(draft, text_model=model, text_vector=vector)
            for draft, vector in zip(drafts.values(), vectors, strict=True)
        ]
        replaced = await self._shots.put(records)
        if not await self._assets.get_many([request.video_asset_id]):
            # Deleted while the texts were embedded, after its shots were: these would belong to no film.
            await self._shots.delete_of(request.video_asset_id)
            raise AssetNotFound(f"Asset {request.video_asset_id} not found")
        return StoreShotsResponse(
            video_asset_id=request.video_asset_id,
            stored_shots=len(records),
            shot_ids=[name_of(request.video_asset_id, shot) for shot in request.shots],
            replaced=replaced,
            library_size=await self._shots.count(),
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def list(self, context: Context, request: ListShotsRequest) -> ShotPage:
        """Answer ``GET /shots``."""
        return await self._page(request, request.video_asset_id)

    async def of_film(self, context: Context, request: VideoShotsRequest) -> ShotPage:
        """Answer ``GET /videos/{asset_id}/shots``."""
        await film_asset(self._assets, request.asset_id)
        return await self._page(request, request.asset_id)

    async def _page(self, request: ShotFilters, film: str | None) -> ShotPage:
        names = ShotFilters.model_fields.keys() - {"limit", "cursor"}
        wanted = ShotConditions(video_asset_id=film, **{name: getattr(request, name) for name in names})
        records, cursor = await self._shots.list(wanted, request.limit, request.cursor)
        return ShotPage(items=[shown(record) for record in records], next_cursor=cursor)

    async def suggest(self, context: Context, request: SuggestShotsRequest) -> SuggestShotsResponse:
        """Answer ``POST /suggest-shots``."""
        began = time.perf_counter()
        sentences = [request.scene_description, request.emotional_tone or "", request.genre_context or ""]
        model, (meaning, tone, genre) = await self._texts.embed(sentences, context)
        shelf = await self._shelves.newest(model)
        if shelf.stale:
            await self._renew(shelf, context)
            shelf = await self._shelves.newest(model)
        chosen = [i for i, s in enumerate(shelf.shots) if request.video_asset_id in (None, s.video_asset_id)]
        wish = Wish(
            meaning,
            (request.emotional_tone, tone) if request.emotional_tone else None,
            genre if request.genre_context else None,
            tuple(request.desired_tags),
        )
        suggested: list[SuggestedShot] = []
        if chosen:
            tones = [shelf.shots[i].emotional_tone for i in chosen]
            _, tone_vectors = await self._texts.embed([plain_words(word) for word in tones], context)
            aspects = score(wish, shelf.vectors[chosen], tones, tone_vectors, [shelf.labels[i] for i in chosen])
            total = aspects.total
            for place in best(total, request.limit):
                shot, labels = shelf.shots[chosen[place]], shelf.labels[chosen[place]]
                why = reasons(request, aspects, place, shot, labels)
                suggested.append(suggestion(shot, float(total[place]), why))
        return SuggestShotsResponse(
            scene_description=request.scene_description,
            suggested_shots=suggested,
            total_suggestions=len(suggested),
            searched_shots=len(chosen),
            text_model=model,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def _renew(self, shelf: Shelf, context: Context) -> None:
        """Embed again what another text model embedded."""
        for start in range(0, len(shelf.stale), _RENEWED_AT_ONCE):
            part = shelf.stale[start : start + _RENEWED_AT_ONCE]
            model, vectors = await self._texts.embed([shot.text for shot in part], context)
            await self._shots.embed_again(
                [replace(s, text_model=model, text_vector=v) for s, v in zip(part, vectors, strict=True)]
            )
