"""Looking at a pair of pictures: patch agreement, and what explains their difference."""

from __future__ import annotations

import asyncio
import math

import numpy as np

from dino_analytics.core.consistency import DEFAULT_SLOPE, confidence
from dino_analytics.core.depth.framing import Framing, cropped, framing
from dino_analytics.core.depth.relight import LIGHTS, relit
from dino_analytics.core.depth.separate import Separated, separate
from dino_analytics.core.depth.words import IDENTITY_MARGIN, explanation
from dino_analytics.core.patch_agreement import Agreement, agreement
from dino_analytics.core.similarity import similarity_score
from dino_analytics.dense import Dense, Looked
from dino_analytics.serving import ServingModel
from dino_common.bus.context import Context
from dino_common.contracts.consistency_depth import (
    ConsistencyDepth,
    FramingDifference,
    LightFacts,
    LightingDifference,
    PatchAgreement,
)
from dino_common.look import Lighting, lighting
from dino_common.stores.cache import Cache

_METHOD = "patches-1"  # grows when the agreement's formula changes


class Depth:
    """Explains pairs; agreements are cached by content and model version."""

    def __init__(self, dense: Dense, cache: Cache) -> None:
        """Use these."""
        self._dense, self._cache = dense, cache

    async def agreement(self, pair: tuple[str, str], model: ServingModel, context: Context) -> PatchAgreement:
        """Return how far two pictures agree patch by patch.

        Raises:
            DinoError: as ``Dense.look``.
        """
        (first, one), (second, two) = await self._cache.features_for(pair, model.version)
        kind = f"{_METHOD}:{model.version}"
        if first and second and one and two:
            kept = await self._cache.get_similarity(kind, first.sha256, second.sha256)
            if kept is not None:
                return PatchAgreement.model_validate(kept)
        looked_by, (left, right) = await self._dense.look(pair, context)
        found = shown(await asyncio.to_thread(agreement, left.patches, right.patches))
        hashes = left.record.sha256, right.record.sha256
        await self._cache.put_similarity(f"{_METHOD}:{looked_by.version}", *hashes, value=found.model_dump())
        return found

    async def of(
        self, pair: tuple[str, str], threshold: float, model: ServingModel, context: Context
    ) -> ConsistencyDepth:
        """Return what explains the difference of two pictures and the verdict on identity.

        Args:
            pair: reference and test.
            threshold: consistency threshold in force for the plain score, 0–100.
            model: whose card tells how steep confidence is.
            context: of the request.
        """
        model, (reference, test) = await self._dense.look(pair, context)
        matched, framed, pictures, lights = await asyncio.to_thread(_prepared, reference, test)
        _, vectors, _ = await self._dense.embed(pictures, context, model)
        rows = vectors.reshape(-1, LIGHTS, vectors.shape[1])
        separated = separate(*rows)
        limit = min(100.0, threshold + IDENTITY_MARGIN)
        score = similarity_score(separated.identity)
        return ConsistencyDepth(
            same_identity=score >= limit,
            identity_score=score,
            identity_threshold=limit,
            confidence=round(confidence(score, limit, model.slope or DEFAULT_SLOPE), 4),
            lighting_share=round(separated.lighting_share, 4),
            framing_share=round(separated.framing_share, 4),
            identity_share=round(separated.identity_share, 4),
            relit_score=similarity_score(separated.relit),
            reframed_score=None if separated.reframed is None else similarity_score(separated.reframed),
            lighting=_lighting(*lights),
            framing=None if framed is None else _framing(framed),
            patch_agreement=shown(matched),
            explanation=_explained(separated, framed, lights, score, limit),
        )


def shown(found: Agreement) -> PatchAgreement:
    """Return an agreement as answers show it."""
    return PatchAgreement(
        mutual_share=round(found.mutual_share, 4),
        mutual_cosine=round(min(1.0, max(-1.0, found.mutual_cosine)), 4),
        score=round(found.score, 4),
    )


def _prepared(
    reference: Looked, test: Looked
) -> tuple[Agreement, Framing | None, list[np.ndarray], tuple[Lighting, Lighting]]:
    """Return agreement, framing, what is to be embedded (each picture under every light, then the parts), lights."""
    matched = agreement(reference.patches, test.patches)
    sizes = reference.picture.shape[:2], test.picture.shape[:2]
    framed = framing(
        matched.pairs,
        (reference.patches.shape[0], reference.patches.shape[1]),
        (test.patches.shape[0], test.patches.shape[1]),
        (sizes[0][1] / sizes[0][0], sizes[1][1] / sizes[1][0]),
    )
    pictures = relit(reference.picture) + relit(test.picture)
    if framed is not None and not framed.same:
        pictures += relit(cropped(reference.picture, framed.first_box))
        pictures += relit(cropped(test.picture, framed.second_box))
    return matched, framed, pictures, (lighting(reference.picture), lighting(test.picture))


def _lighting(reference: Lighting, test: Lighting) -> LightingDifference:
    return LightingDifference(reference=_facts(reference), test=_facts(test), stops=round(stops(reference, test), 2))


def stops(reference: Lighting, test: Lighting) -> float:
    """Exposure of one picture against another: log2 of the ratio of mean luma, made linear by a gamma of 2.2."""
    return 2.2 * math.log2(max(test.brightness, 0.004) / max(reference.brightness, 0.004))


def _facts(light: Lighting) -> LightFacts:
    return LightFacts(
        key=light.key,
        contrast=light.contrast,
        temperature=light.temperature,
        kelvin=None if light.kelvin is None else round(light.kelvin),
        direction=light.direction,
        brightness=round(min(1.0, max(0.0, light.brightness)), 4),
    )


def _framing(framed: Framing) -> FramingDifference:
    return FramingDifference(
        zoom=round(framed.zoom, 3),
        shift_x=round(framed.shift_x, 3),
        shift_y=round(framed.shift_y, 3),
        same=framed.same,
        agreeing_share=round(framed.agreeing, 4),
        reference_box=[round(edge, 4) for edge in framed.first_box],
        test_box=[round(edge, 4) for edge in framed.second_box],
    )


def _explained(
    separated: Separated, framed: Framing | None, lights: tuple[Lighting, Lighting], score: float, limit: float
) -> str:
    return explanation(
        separated,
        score,
        limit,
        stops=stops(*lights),
        directions=(lights[0].direction, lights[1].direction),
        temperatures=(lights[0].temperature, lights[1].temperature),
        zoom=None if framed is None or framed.same else framed.zoom,
    )
