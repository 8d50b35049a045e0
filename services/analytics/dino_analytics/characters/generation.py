"""The job generate-character-image: have a picture made, judge it, ask again with the reasons."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import replace
from typing import Any

from dino_analytics.characters.validation import ValidationHandlers, master_reference, verdict_record
from dino_analytics.core.consistency import DEFAULT_SLOPE, Verdict, judge
from dino_analytics.core.gallery import with_images
from dino_analytics.core.sent_back import reasons
from dino_analytics.core.similarity import cosine_similarity
from dino_analytics.depth import Depth
from dino_analytics.generator.client import Generator
from dino_analytics.generator.order import Order, Reference
from dino_analytics.generator.pictures import carried, reference_of
from dino_analytics.handlers.quality import QualityHandlers
from dino_analytics.parts import Parts
from dino_analytics.serving import ServingModel
from dino_common.bus.job_context import JobContext
from dino_common.contracts import OPERATIONS
from dino_common.contracts.character_generation import (
    GeneratedValidation,
    GenerateImageRequest,
    GenerateImageResponse,
    GenerationAttempt,
)
from dino_common.errors import Conflict, InvalidFileFormat, InvalidRequest, ProcessingFailed
from dino_common.imaging import ImageLimits
from dino_common.stores.character_verdicts import VerdictStore
from dino_common.stores.characters import CharacterRecord, CharacterStore, GalleryEntry

_SPACE = uuid.UUID("5f6b3c1e-52f4-4d1e-9c2f-0b9d8e7a6c54")
_SEEDS = 2**31


class GenerationHandlers:
    """Pictures by the deployment's generator."""

    def __init__(
        self,
        parts: Parts,
        characters: CharacterStore,
        verdicts: VerdictStore,
        validation: ValidationHandlers,
        quality: QualityHandlers,
        depth: Depth,
        generator: Generator | None,
    ) -> None:
        """Use these; without a generator every request is refused."""
        self._depth = depth
        self._parts, self._characters, self._verdicts = parts, characters, verdicts
        self._validation, self._quality, self._generator = validation, quality, generator

    async def generate(self, job: JobContext, request: GenerateImageRequest) -> GenerateImageResponse:
        """Run the job; a later worker goes on after the last picture that was judged."""
        began = time.perf_counter()
        if self._generator is None:
            raise Conflict(
                "No image generator is configured",
                details="Set DINO_GENERATOR_URL of the analytics service; docs/generator.md says what must answer "
                "there.",
            )
        record = await self._characters.get(request.character_id)
        master = master_reference(record)
        asset = await self._parts.assets.get(master)
        model = self._parts.serving.current()
        # A wrong category is told before anything is made.
        self._validation.threshold(record, model, request.threshold, request.category)
        reference = await self._parts.pictures.work(asset, reference_of)
        attempts = [GenerationAttempt.model_validate(done) for done in job.checkpoint or []]
        while len(attempts) < request.max_attempts and not (attempts and attempts[-1].validation.isValid):
            number = len(attempts) + 1
            await job.advance(len(attempts), request.max_attempts, f"generating picture {number}")
            order = _order(job, request, record, reference, attempts)
            asset_id = str(uuid.uuid5(_SPACE, f"{job.job_id} {number}"))
            await self._make(job, self._generator, order, asset_id, record)
            await job.advance(len(attempts), request.max_attempts, f"judging picture {number}")
            model, attempt = await self._judge(job, request, record, master, asset_id, order)
            attempts.append(attempt)
            kept = [done.model_dump(mode="json") for done in attempts]
            await job.advance(len(attempts), request.max_attempts, "judged", kept)
        best = max(attempts, key=lambda a: (a.validation.isValid, a.validation.consistencyScore, -a.attempt))
        added = best.validation.isValid and request.add_to_gallery and await self._add(record, best, request.shot_type)
        return _answer(record, master, model, best, attempts, added, began)

    async def _make(
        self, job: JobContext, generator: Generator, order: Order, asset_id: str, record: CharacterRecord
    ) -> None:
        """Have the picture made and stored, unless a worker before this one did."""
        if await self._parts.assets.get_many([asset_id]):
            return
        limits = ImageLimits(max_pixels=self._parts.settings.max_pixels)
        try:
            data = await asyncio.to_thread(carried, await generator.generate(order), limits)
            fields = {
                "asset_id": asset_id,
                "data": data,
                "filename": f"generated-{asset_id[:8]}",
                "tags": ["generated"],
                "metadata": _facts(job, order, record),
            }
            await self._parts.runtime.bus.call(OPERATIONS["ingest-picture"], fields, job)
        except InvalidFileFormat as error:
            # The generator's fault, not that of the request.
            raise ProcessingFailed(f"The image generator's picture cannot be used: {error.message}") from error

    async def _judge(
        self,
        job: JobContext,
        request: GenerateImageRequest,
        record: CharacterRecord,
        master: str,
        asset_id: str,
        order: Order,
    ) -> tuple[ServingModel, GenerationAttempt]:
        category = self._validation.category(record, request.category)
        model, (reference, made) = await self._parts.vectors.all_of([master, asset_id], job)
        threshold = self._validation.threshold(record, model, request.threshold, request.category)
        verdict = judge(cosine_similarity(reference.vector, made.vector), threshold, model.slope or DEFAULT_SLOPE)
        quality = await self._quality.judge(job, asset_id, category)
        valid = verdict.same_character and quality.passes
        entry = GalleryEntry(asset_id, asset_id, request.shot_type)
        await self._verdicts.add(
            [
                verdict_record(
                    record,
                    entry,
                    verdict,
                    model.version,
                    job.job_id,
                    occasion="generated",
                    master=master,
                    quality=quality.quality_score,
                    valid=valid,
                )
            ]
        )
        differences: list[str] = []
        if not verdict.same_character:
            differences = [(await self._depth.of((master, asset_id), threshold.value, model, job)).explanation]
        why = reasons(
            verdict.similarity_score,
            threshold.value,
            quality.quality_score,
            quality.threshold,
            quality.recommendations,
            differences,
        )
        validation = _validation(verdict, quality.quality_score, quality.threshold, valid)
        return model, GenerationAttempt(
            attempt=order.attempt, seed=order.seed, dinoAssetId=asset_id, validation=validation, reasons=why
        )

    async def _add(self, record: CharacterRecord, best: GenerationAttempt, shot_type: str | None) -> bool:
        entry = GalleryEntry(best.dinoAssetId, best.dinoAssetId, shot_type)
        try:
            await self._characters.change(
                record.character_id, lambda now: replace(now, images=with_images(now.images, [entry]))
            )
        except InvalidRequest:
            return False  # the gallery is full; the picture is an asset all the same
        return True


def _order(
    job: JobContext,
    request: GenerateImageRequest,
    record: CharacterRecord,
    reference: Reference,
    attempts: list[GenerationAttempt],
) -> Order:
    number = len(attempts) + 1
    # A resumed job asks for what it asked for before.
    first = request.seed if request.seed is not None else uuid.uuid5(_SPACE, job.job_id).int % _SEEDS
    return Order(
        request_id=f"{job.job_id}-{number}",
        prompt=request.prompt,
        character=record.name,
        description=record.description,
        reference=reference,
        width=request.width,
        height=request.height,
        seed=(first + number - 1) % _SEEDS,
        attempt=number,
        max_attempts=request.max_attempts,
        previous=[_told(attempt) for attempt in attempts],
    )


def _told(attempt: GenerationAttempt) -> dict[str, Any]:
    verdict = attempt.validation
    return {
        "attempt": attempt.attempt,
        "seed": attempt.seed,
        "consistency_score": verdict.consistencyScore,
        "consistency_threshold": verdict.threshold,
        "quality_score": verdict.qualityScore,
        "quality_threshold": verdict.quality_threshold,
        "reasons": attempt.reasons,
    }


def _facts(job: JobContext, order: Order, record: CharacterRecord) -> dict[str, Any]:
    return {
        "character_id": record.character_id,
        "generation_job_id": job.job_id,
        "generation_attempt": order.attempt,
        "generation_seed": order.seed,
        "prompt": order.prompt[:2000],
    }


def _validation(verdict: Verdict, quality: float, quality_threshold: float, valid: bool) -> GeneratedValidation:
    return GeneratedValidation(
        consistencyScore=verdict.similarity_score,
        qualityScore=quality,
        isValid=valid,
        threshold=verdict.threshold,
        threshold_source=verdict.threshold_source,
        quality_threshold=quality_threshold,
        explanation=verdict.explanation,
    )


def _answer(
    record: CharacterRecord,
    master: str,
    model: ServingModel,
    best: GenerationAttempt,
    attempts: list[GenerationAttempt],
    added: bool,
    began: float,
) -> GenerateImageResponse:
    valid = best.validation.isValid
    error = None if valid else f"No valid picture in {len(attempts)} attempts: {' '.join(best.reasons)}"
    return GenerateImageResponse(
        success=valid,
        imageId=best.dinoAssetId,
        dinoAssetId=best.dinoAssetId,
        imageUrl=f"/api/v1/assets/{best.dinoAssetId}/content",
        validation=best.validation,
        error=error,
        attempts=attempts,
        added_to_gallery=added,
        character_id=record.character_id,
        characterName=record.name,
        masterReferenceAssetId=master,
        model=model.name,
        model_version=model.version,
        processing_time=round(time.perf_counter() - began, 6),
    )
