"""Holding a gallery against its master reference, and the history of such verdicts."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

from dino_analytics.core.consistency import DEFAULT_SLOPE, Verdict, judge
from dino_analytics.core.similarity import cosine_similarity
from dino_analytics.core.thresholds import Threshold
from dino_analytics.in_force import InForce
from dino_analytics.serving import ServingModel
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.character_verdicts import (
    GalleryVerdict,
    ListVerdictsRequest,
    PastVerdict,
    ValidateGalleryRequest,
    ValidateGalleryResponse,
    VerdictPage,
)
from dino_common.errors import Conflict, DinoError, NotFound
from dino_common.problems import detail
from dino_common.stores.character_verdicts import VerdictRecord, VerdictStore
from dino_common.stores.characters import CharacterRecord, CharacterStore, GalleryEntry

_SPACE = uuid.UUID("a1f5c6f0-3f0b-4d6a-8a3e-5f7f0f1f0b27")
_CHUNK = 64  # pictures of one request to inference, should their features be missing


def master_reference(record: CharacterRecord) -> str:
    """Return the asset that all pictures are held against; Conflict where there is none."""
    if record.master_reference_asset_id is None:
        raise Conflict(
            f"The master reference image of character {record.character_id} was not set, or was deleted",
            details="Upload a picture and set it by PUT /api/v1/characters/{id}/master-reference.",
        )
    return record.master_reference_asset_id


class ValidationHandlers:
    """Verdicts on the pictures of a character."""

    def __init__(
        self, characters: CharacterStore, verdicts: VerdictStore, vectors: VectorSource, in_force: InForce
    ) -> None:
        """Use these stores, features and thresholds."""
        self._characters, self._verdicts = characters, verdicts
        self._vectors, self._in_force = vectors, in_force

    def threshold(
        self, record: CharacterRecord, model: ServingModel, request: float | None, category: str | None
    ) -> Threshold:
        """Return the consistency threshold in force for a character's pictures; InvalidRequest: unknown category."""
        own = record.threshold(model.version)
        return self._in_force.consistency(model, request, self.category(record, category), own and own.value)

    def category(self, record: CharacterRecord, asked: str | None) -> str | None:
        """Return the category that counts: the request's, or the character's unless it was removed meanwhile."""
        kept = record.category if record.category and self._in_force.knows(record.category) else None
        return asked or kept

    async def validate(self, context: Context, request: ValidateGalleryRequest) -> ValidateGalleryResponse:
        """Answer ``POST /characters/{id}/validate-consistency``."""
        began = time.perf_counter()
        record = await self._characters.get(request.character_id)
        master = master_reference(record)
        entries = _chosen(record, request.image_ids)
        model, (reference,) = await self._vectors.all_of([master], context)
        threshold = self.threshold(record, model, request.threshold, request.category)
        results: list[GalleryVerdict] = []
        past: list[VerdictRecord] = []
        run = f"{context.request_id} {context.deadline:.3f}"
        for start in range(0, len(entries), _CHUNK):
            chunk = entries[start : start + _CHUNK]
            # Of one version from the first to the last, also across a cut-over.
            _, found = await self._vectors.each_of([entry.asset_id for entry in chunk], context, model)
            for entry, outcome in zip(chunk, found, strict=True):
                if isinstance(outcome, DinoError):
                    if outcome.passing:
                        raise outcome
                    results.append(_failed(entry, outcome, context.request_id))
                    continue
                verdict = judge(
                    cosine_similarity(reference.vector, outcome.vector), threshold, model.slope or DEFAULT_SLOPE
                )
                results.append(_judged(entry, verdict))
                past.append(
                    verdict_record(record, entry, verdict, model.version, run, occasion="gallery", master=master)
                )
        await self._verdicts.add(past)
        failed = sum(result.error is not None for result in results)
        valid = sum(result.isValid for result in results)
        return ValidateGalleryResponse(
            success=failed == 0,
            characterName=record.name,
            masterReferenceAssetId=master,
            validationResults=results,
            character_id=record.character_id,
            total=len(results),
            valid=valid,
            invalid=len(results) - valid - failed,
            failed=failed,
            threshold=threshold.value,
            threshold_source=threshold.source,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )

    async def history(self, context: Context, request: ListVerdictsRequest) -> VerdictPage:
        """Answer ``GET /characters/{id}/verdicts``."""
        await self._characters.get(request.character_id)
        records, cursor = await self._verdicts.list(
            request.character_id, request.limit, request.cursor, request.asset_id
        )
        return VerdictPage(items=[_past(record) for record in records], next_cursor=cursor)


def verdict_record(
    record: CharacterRecord,
    entry: GalleryEntry,
    verdict: Verdict,
    model_version: str,
    run: str,
    *,
    occasion: str,
    master: str,
    quality: float | None = None,
    valid: bool | None = None,
) -> VerdictRecord:
    """Return a verdict as the history keeps it; of the same run and picture it has the same id."""
    made = VerdictRecord(
        verdict_id=str(uuid.uuid5(_SPACE, f"{record.character_id} {entry.asset_id} {run}")),
        character_id=record.character_id,
        occasion=occasion,
        image_id=entry.image_id,
        asset_id=entry.asset_id,
        master_reference_asset_id=master,
        consistency_score=verdict.similarity_score,
        threshold=verdict.threshold,
        threshold_source=verdict.threshold_source,
        is_valid=verdict.same_character,
        model_version=model_version,
        quality_score=quality,
    )
    return made if valid is None else replace(made, is_valid=valid)


def _chosen(record: CharacterRecord, image_ids: list[str] | None) -> list[GalleryEntry]:
    if image_ids is None:
        return list(record.images)
    wanted = set(image_ids)
    chosen = [entry for entry in record.images if wanted & {entry.image_id, entry.asset_id}]
    known = {name for entry in chosen for name in (entry.image_id, entry.asset_id)}
    if missing := [name for name in image_ids if name not in known]:
        raise NotFound(
            f"Character {record.character_id} has no picture {', '.join(missing[:5])}",
            details="Name pictures by image_id or asset id; GET the character lists them.",
        )
    return chosen


def _failed(entry: GalleryEntry, error: DinoError, request_id: str) -> GalleryVerdict:
    return GalleryVerdict(
        imageId=entry.image_id,
        dinoAssetId=entry.asset_id,
        shotType=entry.shot_type,
        consistencyScore=None,
        isValid=False,
        cosine_similarity=None,
        confidence=None,
        explanation=None,
        error=detail(error, request_id),
    )


def _judged(entry: GalleryEntry, verdict: Verdict) -> GalleryVerdict:
    return GalleryVerdict(
        imageId=entry.image_id,
        dinoAssetId=entry.asset_id,
        shotType=entry.shot_type,
        consistencyScore=verdict.similarity_score,
        isValid=verdict.same_character,
        cosine_similarity=verdict.cosine_similarity,
        confidence=round(verdict.confidence, 4),
        explanation=verdict.explanation,
        error=None,
    )


def _past(record: VerdictRecord) -> PastVerdict:
    return PastVerdict.model_validate(
        {
            "verdict_id": record.verdict_id,
            "occasion": record.occasion,
            "imageId": record.image_id,
            "dinoAssetId": record.asset_id,
            "masterReferenceAssetId": record.master_reference_asset_id,
            "consistencyScore": record.consistency_score,
            "qualityScore": record.quality_score,
            "isValid": record.is_valid,
            "threshold": record.threshold,
            "threshold_source": record.threshold_source,
            "model_version": record.model_version,
            "judged_at": record.judged_at,
        }
    )
