"""Pictures that are deleted while a job looks at them, patch by patch."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dino_analytics.sets.patch_bank import AT_ONCE, BankBuilder, Gone, looked_at
from dino_common.errors import AssetNotFound, Conflict

MODEL: Any = SimpleNamespace(version="a@1")


class Library:
    """Pictures that go after so many looks; it looks as ``Dense`` does."""

    def __init__(self, ids: Sequence[str], go: dict[int, set[str]]) -> None:
        """`go` names what is deleted before each look, by its number from 0."""
        self.there, self.go, self.looks = set(ids), go, 0
        self.unreadable: set[str] = set()

    async def look(self, asset_ids: Sequence[str], context: Any) -> Any:
        self.there -= self.go.get(self.looks, set())
        self.looks += 1
        if missing := [one for one in asset_ids if one not in self.there or one in self.unreadable]:
            raise AssetNotFound(f"Asset {', '.join(missing)} not found")
        return MODEL, [SimpleNamespace(record=SimpleNamespace(asset_id=one, sha256=one)) for one in asset_ids]

    async def living(self, asset_ids: Sequence[str]) -> set[str]:
        return self.there & set(asset_ids)


async def seen(library: Library, ids: Sequence[str], gone: Gone) -> list[tuple[int, str]]:
    dense: Any = library
    context: Any = None
    return [(place, one.record.asset_id) async for place, one in looked_at(dense, ids, context, MODEL, gone)]


async def test_what_goes_meanwhile_is_left_out_and_noted():
    ids = [f"{n:03d}" for n in range(3 * AT_ONCE)]
    last = ids[2 * AT_ONCE :]
    library = Library(ids, {1: {ids[AT_ONCE + 2]}, 3: set(last)})
    gone = Gone(library.living)
    expected = [(n, one) for n, one in enumerate(ids) if one not in last and n != AT_ONCE + 2]
    assert await seen(library, ids, gone) == expected
    assert gone.ids == {ids[AT_ONCE + 2], *last}


async def test_a_picture_that_is_there_and_cannot_be_read_stays_an_error():
    library = Library(["a", "b"], {})
    library.unreadable = {"b"}
    gone = Gone(library.living)
    with pytest.raises(AssetNotFound, match="b"):
        await seen(library, ["a", "b"], gone)
    assert gone.ids == set()


def test_a_bank_of_nothing_says_why():
    with pytest.raises(Conflict, match="deleted during the request"):
        BankBuilder(3).finish()


def test_a_bank_of_one_picture_is_a_bank():
    builder = BankBuilder(1)
    looked: Any = SimpleNamespace(record=SimpleNamespace(sha256="a"), patches=np.ones((2, 2, 4), np.float32))
    builder.add(looked)
    assert len(builder.finish().patches) > 0
