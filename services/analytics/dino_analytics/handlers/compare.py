"""Handlers that compare features: consistency, similarity, best match, matrix."""

from __future__ import annotations

import asyncio
import time

import numpy as np

from dino_analytics.core.consistency import DEFAULT_SLOPE, judge
from dino_analytics.core.similarity import (
    cosines_to,
    euclidean_from_cosine,
    similarity_matrix,
    similarity_score,
)
from dino_analytics.depth import Depth
from dino_analytics.in_force import InForce
from dino_analytics.serving import ServingModel
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.judgement import (
    BatchSimilarityRequest,
    BatchSimilarityResponse,
    CalculateSimilarityRequest,
    CalculateSimilarityResponse,
    FindBestMatchRequest,
    FindBestMatchResponse,
    Match,
    ValidateConsistencyRequest,
    ValidateConsistencyResponse,
)
from dino_common.errors import AssetNotFound
from dino_common.stores.characters import CharacterStore


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 6)


class CompareHandlers:
    """Answers from features; pixels are read where patches or an explanation are asked for."""

    def __init__(self, vectors: VectorSource, in_force: InForce, characters: CharacterStore, depth: Depth) -> None:
        """Use these features and thresholds; characters may have their own."""
        self._vectors, self._in_force, self._characters = vectors, in_force, characters
        self._depth = depth

    async def validate_consistency(
        self, context: Context, request: ValidateConsistencyRequest
    ) -> ValidateConsistencyResponse:
        """Answer ``POST /validate-consistency``."""
        began = time.perf_counter()
        raw = None
        if request.explain:
            model, cosine, raw = await self._vectors.cosines(request.pair, context)
        else:
            model, cosine = await self._vectors.cosine(request.pair, context)
        own, category = None, request.category
        if request.character_id is not None:
            character = await self._characters.get(request.character_id)
            threshold, category = character.threshold(model.version), category or character.category
            own = None if threshold is None else threshold.value
        answer = self.verdict(model, request.pair, cosine, request.threshold, category, began, own)
        if request.explain:
            answer.raw_cosine_similarity = raw
            answer.depth = await self._depth.of(request.pair, answer.threshold, model, context)
            answer.processing_time = _since(began)
        return answer

    def verdict(
        self,
        model: ServingModel,
        pair: tuple[str, str],
        cosine: float,
        threshold: float | None,
        category: str | None,
        began: float,
        own: float | None = None,
    ) -> ValidateConsistencyResponse:
        """Judge one pair by the threshold in force; ``own`` is the character's."""
        reference, test = pair
        judged = judge(
            cosine,
            self._in_force.consistency(model, threshold, category, own),
            model.slope or DEFAULT_SLOPE,
        )
        return ValidateConsistencyResponse(
            asset_id_1=reference,
            asset_id_2=test,
            reference_asset_id=reference,
            test_asset_id=test,
            same_character=judged.same_character,
            similarity_score=judged.similarity_score,
            confidence=round(judged.confidence, 4),
            confidence_level=judged.confidence_level,
            explanation=judged.explanation,
            cosine_similarity=judged.cosine_similarity,
            euclidean_distance=judged.euclidean_distance,
            threshold=judged.threshold,
            threshold_source=judged.threshold_source,
            model=model.name,
            model_version=model.version,
            processing_time=_since(began),
        )

    async def calculate_similarity(
        self, context: Context, request: CalculateSimilarityRequest
    ) -> CalculateSimilarityResponse:
        """Answer ``POST /calculate-similarity``."""
        began = time.perf_counter()
        first, second = request.pair
        raw = agreement = None
        if request.patches:
            model, cosine, raw = await self._vectors.cosines(request.pair, context)
            agreement = await self._depth.agreement(request.pair, model, context)
        else:
            model, cosine = await self._vectors.cosine(request.pair, context)
        threshold = self._in_force.similarity(model)
        return CalculateSimilarityResponse(
            asset_id_1=first,
            asset_id_2=second,
            similarity_score=similarity_score(cosine),
            cosine_similarity=cosine,
            raw_cosine_similarity=raw,
            euclidean_distance=euclidean_from_cosine(cosine),
            patch_agreement=agreement,
            is_similar=cosine >= threshold.value,
            threshold=threshold.value,
            threshold_source=threshold.source,
            model=model.name,
            model_version=model.version,
            processing_time=_since(began),
        )

    async def find_best_match(self, context: Context, request: FindBestMatchRequest) -> FindBestMatchResponse:
        """Answer ``POST /find-best-match``; candidates named twice are ranked once."""
        began = time.perf_counter()
        candidates = list(dict.fromkeys(request.candidate_asset_ids))
        (model, embedded), records = await asyncio.gather(
            self._vectors.all_of([request.reference_asset_id, *candidates], context),
            self._vectors.assets.get_many(candidates),
        )
        reference, others = embedded[0], embedded[1:]
        cosines = cosines_to(reference.vector, np.stack([e.vector for e in others]))
        order = np.argsort(-cosines, kind="stable")
        ranked = []
        for rank, index in enumerate(order, start=1):
            asset_id, cosine = others[index].asset_id, float(cosines[index])
            if asset_id not in records:
                raise AssetNotFound(f"Asset {asset_id} not found")
            ranked.append(
                Match(
                    asset_id=asset_id,
                    filename=records[asset_id].filename,
                    similarity_percentage=similarity_score(cosine),
                    cosine_similarity=cosine,
                    euclidean_distance=euclidean_from_cosine(cosine),
                    rank=rank,
                )
            )
        return FindBestMatchResponse(
            reference_asset_id=request.reference_asset_id,
            candidates_processed=len(ranked),
            best_match=ranked[0],
            ranked_results=ranked,
            model=model.name,
            model_version=model.version,
            processing_time=_since(began),
        )

    async def batch_similarity(self, context: Context, request: BatchSimilarityRequest) -> BatchSimilarityResponse:
        """Answer ``POST /batch-similarity``."""
        began = time.perf_counter()
        model, embedded = await self._vectors.all_of(request.asset_ids, context)
        rows = np.stack([e.vector for e in embedded])
        if request.comparison_type == "all_pairs":
            matrix = similarity_matrix(rows)
        else:
            matrix = cosines_to(rows[0], rows)[np.newaxis, :]
        return BatchSimilarityResponse(
            similarity_matrix=matrix,
            asset_ids=request.asset_ids,
            comparison_type=request.comparison_type,
            model=model.name,
            model_version=model.version,
            processing_time=_since(began),
        )
