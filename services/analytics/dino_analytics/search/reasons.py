"""Why a hit was found, source by source."""

from __future__ import annotations

from dino_analytics.search.ranking import Candidate
from dino_common.contracts.semantic import LooksLike, SearchReason

_SHOWN_LABELS = 3


def reasons(candidate: Candidate) -> list[SearchReason]:
    """Return a reason for each source that knows the asset, the strongest first."""
    makers = {"text": _text, "words": _words, "image_text": _image_text}
    found = [makers[source](candidate, relevance) for source, relevance in candidate.relevances.items()]
    return sorted(found, key=lambda reason: -reason.relevance)


def _text(candidate: Candidate, relevance: float) -> SearchReason:
    fields = ", ".join(candidate.payload.get("known", {})) or "filename"
    cosine = candidate.cosines["text"]
    return SearchReason(
        source="text",
        relevance=relevance,
        cosine_similarity=cosine,
        explanation=f"The meaning of its {fields} has cosine {cosine:.2f} with the query.",
    )


def _words(candidate: Candidate, relevance: float) -> SearchReason:
    parts = [f"{', '.join(words)} in its {field}" for field, words in candidate.matched.items()]
    return SearchReason(
        source="words",
        relevance=relevance,
        matched=candidate.matched,
        explanation=f"It has {'; '.join(parts) or 'words of the query in its filename'}.",
    )


def _image_text(candidate: Candidate, relevance: float) -> SearchReason:
    cosine, labels = candidate.cosines["image_text"], candidate.labels[:_SHOWN_LABELS]
    told = f"The picture itself has cosine {cosine:.2f} with the query"
    if labels:
        told += f"; it looks like {', '.join(f'{name} ({share:.0%})' for name, share in labels)}"
    return SearchReason(
        source="image_text",
        relevance=relevance,
        cosine_similarity=cosine,
        looks_like=[LooksLike(name=name, probability=share) for name, share in labels],
        explanation=f"{told}.",
    )
