"""Shots are ranked by what a request names, each aspect by its share, and every suggestion says why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_video.core.suggestions import WEIGHTS, Aspects, Wish, best, plain_words, score


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, dtype=np.float32)
    return vector / np.linalg.norm(vector)


TEXTS = np.stack([unit(1, 0, 0), unit(0, 1, 0), unit(1, 1, 0)])
TONES = ["tense", "calm", "unknown"]
TONE_VECTORS = np.stack([unit(1, 0), unit(0, 1), unit(1, 1)])
TAGS = [frozenset({"close up", "dramatic"}), frozenset({"wide shot"}), frozenset({"dramatic"})]


def scored(wish: Wish) -> Aspects:
    return score(wish, TEXTS, TONES, TONE_VECTORS, TAGS)


def test_meaning_alone_has_the_whole_weight() -> None:
    aspects = scored(Wish(unit(1, 0, 0)))
    assert aspects.weights == {"meaning": 1.0}
    assert best(aspects.total, 3) == [0, 2, 1]


def test_a_tone_counts_fully_when_it_is_the_word_and_nothing_when_it_is_unknown() -> None:
    aspects = scored(Wish(unit(1, 0, 0), tone=("Tense", unit(1, 0))))
    np.testing.assert_allclose(aspects.scores["emotional_tone"], [1, 0, 0], atol=1e-6)


def test_tags_count_by_the_share_that_a_shot_has_however_they_are_written() -> None:
    aspects = scored(Wish(unit(1, 0, 0), tags=("close_up", "Dramatic")))
    np.testing.assert_allclose(aspects.scores["tags"], [1, 0, 0.5], atol=1e-6)


def test_sentences_that_are_opposed_count_as_unrelated() -> None:
    assert scored(Wish(unit(-1, 0, 0))).scores["meaning"][0] == 0


def test_tags_of_other_scripts_are_words_of_their_own() -> None:
    tags = [frozenset({plain_words("夜景")}), frozenset({plain_words("白天")}), frozenset({plain_words("🔥")})]
    aspects = score(Wish(unit(1, 0, 0), tags=("夜景",)), TEXTS, TONES, TONE_VECTORS, tags)
    np.testing.assert_allclose(aspects.scores["tags"], [1, 0, 0])


@pytest.mark.parametrize(
    ("word", "plain"),
    [("Close-Up", "close up"), ("close_up", "close up"), ("  A  b ", "a b"), ("Öde_Straße", "öde straße"), ("—", "—")],
)
def test_spelling_of_labels(word: str, plain: str) -> None:
    assert plain_words(word) == plain


@given(tone=st.booleans(), genre=st.booleans(), tags=st.booleans())
def test_weights_always_sum_to_one_and_scores_stay_within_bounds(tone: bool, genre: bool, tags: bool) -> None:
    wish = Wish(
        unit(1, 2, 3),
        tone=("calm", unit(0, 1)) if tone else None,
        genre=unit(0, 0, 1) if genre else None,
        tags=("dramatic",) if tags else (),
    )
    aspects = scored(wish)
    assert sum(aspects.weights.values()) == pytest.approx(1)
    assert set(aspects.weights) == {"meaning"} | {
        name for name, named in (("emotional_tone", tone), ("genre", genre), ("tags", tags)) if named
    }
    assert all(aspects.weights[name] >= WEIGHTS[name] for name in aspects.weights)
    assert ((aspects.total >= 0) & (aspects.total <= 1 + 1e-6)).all()


def test_equal_scores_keep_their_order() -> None:
    assert best(np.array([0.5, 0.7, 0.5, 0.7], dtype=np.float32), 3) == [1, 3, 0]
