"""Candidates of two spaces on real indexes, and their order."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from dino_analytics.core.search.blend import Curve
from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.interface import Filters, IndexItem
from dino_analytics.search import ranking
from dino_analytics.search.ranking import Space, candidates, ranked
from dino_analytics.search.reasons import reasons

CURVE = Curve(0.5, 0.1)
X, Y = np.eye(2, dtype=np.float32)


def uid(n: int) -> str:
    return str(uuid.UUID(int=n + 1))


def item(n: int, row: np.ndarray, text: str = "", **more: object) -> IndexItem:
    payload = {"known": {"tags": text}, "words": text.split(), "kind": "image", "filename": f"{n}.jpg"}
    return IndexItem(uid(n), row, payload | more)


@pytest.fixture
async def spaces(tmp_path: Path) -> AsyncIterator[list[Space]]:
    """The query is X: asset 0 fits by text, 1 by picture, 2 by both, 3 by a word, 4 is no picture."""
    texts = await EdgeIndex.open(tmp_path, "texts t@1", 2)
    pictures = await EdgeIndex.open(tmp_path, "image-text p@1", 2)
    await texts.upsert([item(0, X), item(1, Y), item(2, X), item(3, Y, "red car"), item(4, Y, kind="video")])
    labels = [["cat", 0.75], ["lynx", 0.25]]
    await pictures.upsert([item(n, row, labels=labels) for n, row in enumerate((Y, X, X, Y))])
    yield [Space("text", texts, X, CURVE), Space("image_text", pictures, X, CURVE)]
    await texts.close()
    await pictures.close()


async def test_either_source_finds_and_both_say_more(spaces):
    found = await candidates(spaces, ["red"], Filters())
    order = ranked(found.values(), spaces, ["red"], 0.0)
    assert [c.asset_id for c in order[:1]] == [uid(2)]
    assert {c.asset_id for c in order[1:4]} == {uid(0), uid(1), uid(3)}
    assert order[-1].asset_id == uid(4)
    assert set(order[-1].relevances) == {"text"}
    assert set(order[0].relevances) == {"text", "image_text"}


async def test_candidate_of_one_space_is_compared_in_the_other(spaces, monkeypatch):
    monkeypatch.setattr(ranking, "DEPTH", 1)
    found = await candidates(spaces, [], Filters())
    assert found
    assert all(set(c.cosines) == {"text", "image_text"} for c in found.values())


async def test_word_finds_what_the_meaning_does_not_name(spaces, monkeypatch):
    monkeypatch.setattr(ranking, "DEPTH", 1)
    assert uid(3) in await candidates(spaces, ["car"], Filters())


async def test_filters_hold_in_every_space_and_the_least_score_cuts(spaces):
    found = await candidates(spaces, [], Filters(kind="video"))
    assert set(found) == {uid(4)}
    everything = await candidates(spaces, [], Filters())
    best = ranked(everything.values(), spaces, [], 0.9)
    assert {c.asset_id for c in best} == {uid(0), uid(1), uid(2)}


async def test_reasons_name_source_words_and_classes(spaces):
    found = await candidates(spaces, ["red", "boat"], Filters())
    by_id = {c.asset_id: c for c in ranked(found.values(), spaces, ["red", "boat"], 0.0)}
    word = next(r for r in reasons(by_id[uid(3)]) if r.source == "words")
    assert word.matched == {"tags": ["red"]}
    assert word.relevance == pytest.approx(0.225)
    seen = reasons(by_id[uid(1)])[0]
    assert seen.source == "image_text"
    assert [(label.name, label.probability) for label in seen.looks_like] == [("cat", 0.75), ("lynx", 0.25)]
    assert "cat (75%)" in seen.explanation
