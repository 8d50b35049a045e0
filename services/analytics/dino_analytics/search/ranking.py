"""Candidates of several sources, ranked by one score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dino_analytics.core.search.blend import Curve, joined, word_relevance
from dino_analytics.core.search.known import matches
from dino_analytics.index.interface import Filters, Vector, VectorIndex

DEPTH = 400
"""Candidates that each source names for a query; the pages go no deeper than these."""


@dataclass(slots=True)
class Candidate:
    """An asset that a source has named.

    Attributes:
        payload: of the index that named it, that of texts where it has one.
        cosines: by source; relevances: by source, in 0-1.
        matched: words of the query by field.
    """

    asset_id: str
    payload: dict[str, Any]
    cosines: dict[str, float] = field(default_factory=dict)
    relevances: dict[str, float] = field(default_factory=dict)
    matched: dict[str, list[str]] = field(default_factory=dict)
    labels: list[tuple[str, float]] = field(default_factory=list)
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Space:
    """An index that can be asked for a query.

    Attributes:
        vector: of the query in this space.
        curve: relevance of its cosines.
    """

    source: str
    index: VectorIndex
    vector: Vector
    curve: Curve


async def candidates(spaces: Sequence[Space], words: Sequence[str], filters: Filters) -> dict[str, Candidate]:
    """Return what any source names, each with its cosine in every space that knows it.

    Args:
        spaces: to ask; that of texts is asked for the words, too.
        words: comparable words of the query.
        filters: that every candidate meets.

    Raises:
        IndexFault: an index does not answer.
    """
    found: dict[str, Candidate] = {}
    for space in spaces:
        await _ask(space, filters, DEPTH, found)
        if space.source == "text" and words:
            await _ask(space, replace(filters, words_any=tuple(words)), DEPTH, found)
    for space in spaces:
        unseen = [c.asset_id for c in found.values() if space.source not in c.cosines]
        if unseen:
            await _ask(space, Filters(asset_ids=tuple(unseen)), len(unseen), found)
    return found


async def _ask(space: Space, filters: Filters, limit: int, found: dict[str, Candidate]) -> None:
    for hit in await space.index.search(space.vector, limit=limit, filters=filters):
        candidate = found.setdefault(hit.id, Candidate(hit.id, hit.payload))
        if space.source == "text":
            candidate.payload = hit.payload
        candidate.cosines[space.source] = min(1.0, max(-1.0, hit.score))
        candidate.labels = candidate.labels or [(name, share) for name, share in hit.payload.get("labels", ())]


def ranked(
    found: Iterable[Candidate], spaces: Sequence[Space], words: Sequence[str], min_score: float
) -> list[Candidate]:
    """Return the candidates from best to worst by the joined relevance; equal ones in the order of their ids."""
    curves = {space.source: space.curve for space in spaces}
    kept = []
    for candidate in found:
        for source, cosine in candidate.cosines.items():
            candidate.relevances[source] = curves[source](cosine)
        candidate.matched = matches(words, candidate.payload.get("known", {}))
        held = set(words) & set(candidate.payload.get("words", ()))
        if relevance := word_relevance(len(held), len(words)):
            candidate.relevances["words"] = relevance
        candidate.score = joined(candidate.relevances.values())
        if candidate.score >= min_score:
            kept.append(candidate)
    return sorted(kept, key=lambda candidate: (-candidate.score, candidate.asset_id))
