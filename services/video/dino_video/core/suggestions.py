"""How well shots of the library suit a scene: meaning, tone, genre and tags, each with its share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Aspect = Literal["meaning", "emotional_tone", "genre", "tags"]
# Shares of the aspects that a request names; those it does not name leave theirs to the others.
WEIGHTS: dict[Aspect, float] = {"meaning": 0.5, "emotional_tone": 0.2, "genre": 0.1, "tags": 0.2}
# Letters and digits of every script.
_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a scene asks for.

    Attributes:
        meaning: float32 (dimension,), vector of the scene's description.
        tone: the wanted word and its vector, or None.
        genre: vector of the genre, or None.
        tags: wanted tags.
    """

    meaning: NDArray[np.float32]
    tone: tuple[str, NDArray[np.float32]] | None = None
    genre: NDArray[np.float32] | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Aspects:
    """Scores of n shots, 0–1, by aspect, and the weights that sum to one."""

    scores: dict[Aspect, NDArray[np.float32]]
    weights: dict[Aspect, float]

    @property
    def total(self) -> NDArray[np.float32]:
        """Weighted sum of the aspects: float32 (n,), 0–1."""
        return sum((self.scores[a] * np.float32(w) for a, w in self.weights.items()), start=np.float32(0))  # type: ignore[return-value]


def plain_words(text: str) -> str:
    """Return a tag or tone in lower case with single spaces: ``Close-Up`` and ``close_up`` are the same."""
    return _WORDS.sub(" ", text.lower()).strip() or text.strip()


def score(
    wish: Wish,
    texts: NDArray[np.float32],
    tones: Sequence[str],
    tone_vectors: NDArray[np.float32],
    tags: Sequence[frozenset[str]],
) -> Aspects:
    """Score shots for a scene.

    Args:
        wish: what is asked for.
        texts: float32 (n, dimension), vectors of what is known of the shots in words, of length 1.
        tones: tone of each shot.
        tone_vectors: float32 (n, dimension), vectors of those words.
        tags: each shot's tags and labels, as ``plain_words`` writes them.

    Returns:
        Cosines of sentences below zero count as zero. A tone scores 1 when it is the wanted word, else the cosine of
        the two words, and 0 where a shot's tone is unknown. Tags score the share of the wanted ones that a shot has.
    """
    scores: dict[Aspect, NDArray[np.float32]] = {"meaning": _cosines(texts, wish.meaning)}
    if wish.tone is not None:
        word, vector = wish.tone
        wanted = plain_words(word)
        near = _cosines(tone_vectors, vector)
        known = np.array([plain_words(tone) not in ("", "unknown") for tone in tones], dtype=bool)
        same = np.array([plain_words(tone) == wanted for tone in tones], dtype=bool)
        scores["emotional_tone"] = np.where(same, np.float32(1), np.where(known, near, np.float32(0)))
    if wish.genre is not None:
        scores["genre"] = _cosines(texts, wish.genre)
    if wish.tags:
        wanted_tags = [plain_words(tag) for tag in wish.tags]
        share = [sum(tag in have for tag in wanted_tags) / len(wanted_tags) for have in tags]
        scores["tags"] = np.array(share, dtype=np.float32)
    whole = sum(WEIGHTS[aspect] for aspect in scores)
    return Aspects(scores, {aspect: WEIGHTS[aspect] / whole for aspect in scores})


def best(total: NDArray[np.float32], limit: int) -> list[int]:
    """Return the places of the highest scores, best first; equal ones in their order."""
    return [int(i) for i in np.argsort(-total, kind="stable")[:limit]]


def _cosines(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(rows @ vector, 0, 1).astype(np.float32)
