"""Handler of explain-similarity."""

from __future__ import annotations

import asyncio
import time

from dino_analytics.core.patch_agreement import Agreement, Floats, agreement, regions
from dino_analytics.core.similarity import similarity_score
from dino_analytics.dense import Dense, Looked
from dino_analytics.depth import shown
from dino_analytics.draw.base import to_drawing
from dino_analytics.draw.explanation import explained
from dino_analytics.vectors import VectorSource
from dino_common.bus.context import Context
from dino_common.contracts.drawing import Drawing
from dino_common.contracts.explain import ExplainSimilarityRequest, ExplainSimilarityResponse, RegionMatch

_MATCHES, _DIFFERS, _STANDS_OUT = 0.8, 0.55, 0.2


class ExplainHandlers:
    """What matches and what differs, in numbers and drawn."""

    def __init__(self, vectors: VectorSource, dense: Dense) -> None:
        """Use these."""
        self._vectors, self._dense = vectors, dense

    async def explain(self, context: Context, request: ExplainSimilarityRequest) -> ExplainSimilarityResponse:
        """Answer ``POST /explain-similarity``."""
        began = time.perf_counter()
        model, cosine = await self._vectors.cosine(request.pair, context)
        _, (first, second) = await self._dense.look(request.pair, context)
        score = similarity_score(cosine)
        found, drawing = await asyncio.to_thread(_drawn, first, second, score)
        return ExplainSimilarityResponse(
            asset_id_1=request.pair[0],
            asset_id_2=request.pair[1],
            similarity_score=score,
            cosine_similarity=cosine,
            patch_agreement=shown(found),
            regions_1=_regions(found.first_map),
            regions_2=_regions(found.second_map),
            explanation=_words(found),
            drawing=drawing,
            model=model.name,
            model_version=model.version,
            processing_time=round(time.perf_counter() - began, 6),
        )


def _drawn(first: Looked, second: Looked, score: float) -> tuple[Agreement, Drawing]:
    found = agreement(first.patches, second.patches)
    note = f"{100 * found.mutual_share:.0f} % of the patches are each other's nearest; mean cosine of these pairs "
    picture = explained(
        first.picture,
        second.picture,
        found.first_map,
        found.second_map,
        f"Similarity {score:.1f} of 100",
        note + f"{found.mutual_cosine:.2f}",
    )
    return found, to_drawing(picture)


def _regions(matches: Floats) -> list[RegionMatch]:
    return [
        RegionMatch(region=one.name, box=[round(edge, 4) for edge in one.box], match=round(one.match, 4))
        for one in regions(matches)
    ]


def _words(found: Agreement) -> str:
    said = []
    for name, matches in (("reference", found.first_map), ("test", found.second_map)):
        parts = regions(matches)
        limit = max(_DIFFERS, parts[-1].match - _STANDS_OUT)
        differing = [part.name for part in parts if part.match < limit][:3]
        if differing:
            said.append(f"in the {name} picture {_listed(differing)} differ{'s' if len(differing) == 1 else ''} most")
        elif parts[0].match >= _MATCHES:
            said.append(f"every part of the {name} picture is found in the other")
        else:
            said.append(f"no part of the {name} picture stands out; the {parts[0].name} matches least")
    text = "; ".join(said)
    return text[0].upper() + text[1:] + "."


def _listed(names: list[str]) -> str:
    named = [f"the {name}" for name in names]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
