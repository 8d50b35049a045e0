"""From cosines of different spaces to one score.

Each source's cosine becomes a relevance by a logistic curve of its own, and the relevances are joined as independent
evidence: 1 - product of (1 - relevance) (noisy or; Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988,
section 4.3.2). So either source can find an asset alone, both together say more, and a source that says nothing of
it takes nothing away. Cosines of two spaces are never compared with each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

# All words of the query found is strong evidence, yet no proof of what the picture shows.
_WORDS_AT_BEST = 0.9


@dataclass(frozen=True, slots=True)
class Curve:
    """Logistic of a cosine: 0.5 at ``midpoint``, 0.73 at ``midpoint + width``."""

    midpoint: float
    width: float

    def __call__(self, cosine: float) -> float:
        """Return the relevance in 0–1."""
        return 1.0 / (1.0 + math.exp(min(700.0, (self.midpoint - cosine) / self.width)))


def word_relevance(found: int, asked: int) -> float:
    """Return 0.9 times the square of the share of the query's words that were found; 0 for a query without words."""
    return _WORDS_AT_BEST * (found / asked) ** 2 if asked else 0.0


def joined(relevances: Iterable[float]) -> float:
    """Return the score in 0–1 of independent pieces of evidence, each in 0–1."""
    return 1.0 - math.prod(1.0 - relevance for relevance in relevances)
