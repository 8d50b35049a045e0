"""What every vector index must do, in files and on a server."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from dino_analytics.index import server, shard
from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.errors import IndexClosed, IndexDimensionMismatch, InvalidItem
from dino_analytics.index.interface import Condition, Filters, IndexItem, VectorIndex
from dino_analytics.index.server import ServerIndex

# Local mode says that it ignores payload indexes and search parameters; the real server uses both.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:dino_analytics.index.server")

Opener = Callable[..., Awaitable[VectorIndex]]
VERSION = "dinov2 vit-s/14@0123456789ab"
DIM = 8


def uid(n: int) -> str:
    return str(uuid.UUID(int=n + 1))


def direction(degrees: float) -> np.ndarray:
    """A vector whose cosine with direction(0) is that of the angle, of length 3."""
    vector = np.zeros(DIM, np.float32)
    vector[:2] = 3 * np.cos(np.radians(degrees)), 3 * np.sin(np.radians(degrees))
    return vector


@pytest.fixture(params=["edge", "server"])
async def opener(request, tmp_path: Path) -> AsyncIterator[Opener]:
    opened: list[VectorIndex] = []

    async def start(version: str = VERSION, dimension: int = DIM) -> VectorIndex:
        if request.param == "edge":
            index: VectorIndex = await EdgeIndex.open(tmp_path, version, dimension)
        else:
            # The client's local mode stands in for the server; it wants a directory per open client.
            client = AsyncQdrantClient(path=str(tmp_path / "server"))
            try:
                index = await ServerIndex.open(client, version, dimension)
            except BaseException:
                await client.close()
                raise
        opened.append(index)
        return index

    yield start
    for index in opened:
        await index.close()


ITEMS = [
    IndexItem(
        uid(n),
        direction(10 * n),
        {
            "kind": "video" if n == 3 else "image",
            "content_type": "image/png" if n % 2 else "image/jpeg",
            "tags": [["a"], ["a", "b"], ["b", "ü-ß"], [], ["c"]][n],
            "metadata": {"n": n, "even": n % 2 == 0, "a.b[0]": "x", "half": n / 2}
            | ({"a-b": n, "a.c[1]": -n, "gone": None} if n > 2 else {}),
            "words": [["red", "car"], ["car"], ["blau", "größe"], [], ["red"]][n],
            "uploaded": 1000.0 + n,
            "filename": f"Müller \U0001f600 {n}.jpg",
        },
    )
    for n in range(5)
]


@pytest.fixture
async def index(opener: Opener) -> VectorIndex:
    made = await opener()
    await made.upsert(ITEMS)
    return made


async def found(index: VectorIndex, filters: Filters) -> list[int]:
    hits = await index.search(direction(0), limit=100, filters=filters)
    assert len(hits) == await index.count(filters)
    return sorted(uuid.UUID(hit.id).int - 1 for hit in hits)


async def test_search_orders_by_cosine_whatever_the_length(index):
    hits = await index.search(direction(0) * 1e-3, limit=3)
    assert [h.id for h in hits] == [uid(0), uid(1), uid(2)]
    assert [h.score for h in hits] == pytest.approx([np.cos(np.radians(10 * n)) for n in range(3)], abs=1e-5)


async def test_payload_comes_back_as_it_was_stored(index):
    odd = {"": None, "a": {"b.c": [1, 2.5, True, None, "\u0000\U0001f600"]}, "empty": {}, "none": [], "big": 2**53}
    await index.upsert([IndexItem(uid(9), direction(80), odd)])
    assert await index.get_payload(uid(9)) == odd
    assert (await index.search(direction(80), limit=1))[0].payload == odd
    assert await index.get_payload(uid(0)) == ITEMS[0].payload


async def test_item_without_payload_is_found(index):
    await index.upsert([IndexItem(uid(9), direction(90))])
    assert await index.get_payload(uid(9)) == {}
    assert (await index.search(direction(90), limit=1))[0].id == uid(9)


async def test_upsert_replaces_vector_and_payload(index):
    await index.upsert([IndexItem(uid(4), direction(0.1), {"kind": "image", "tags": ["new"]})])
    assert await index.count() == 5
    assert (await index.search(direction(0.1), limit=1))[0].id == uid(4)
    assert await found(index, Filters(tags_any=("c",))) == []
    assert await found(index, Filters(tags_any=("new",))) == [4]


async def test_deleted_items_are_gone_and_unknown_ids_ignored(index):
    await index.delete([uid(0), uid(77), "not-a-uuid"])
    assert await index.count() == 4
    assert (await index.search(direction(0), limit=1))[0].id == uid(1)
    assert await index.get_payload(uid(0)) is None


async def test_writing_nothing_is_allowed(index):
    await index.upsert([])
    await index.delete([])
    assert await index.payloads([]) == {}
    assert await index.count() == 5


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), [0, 1, 2, 3, 4]),
        (Filters(kind="video"), [3]),
        (Filters(content_type="image/png"), [1, 3]),
        (Filters(tags_any=("a", "ü-ß")), [0, 1, 2]),
        (Filters(tags_all=("a", "b")), [1]),
        (Filters(tags_any=("a",), tags_all=("b",)), [1]),
        (Filters(metadata={"n": 2}), [2]),
        (Filters(metadata={"n": 2.0}), [2]),
        (Filters(metadata={"n": "2"}), []),
        (Filters(metadata={"n": True}), []),
        (Filters(metadata={"even": True}), [0, 2, 4]),
        (Filters(metadata={"even": 1}), []),
        (Filters(metadata={"half": 1.5}), [3]),
        (Filters(metadata={"a.b[0]": "x", "even": False}), [1, 3]),
        (Filters(metadata={"missing": "x"}), []),
        (Filters(uploaded_after=1002.0), [2, 3, 4]),
        (Filters(uploaded_before=1002.0), [0, 1]),
        (Filters(uploaded_after=1001.0, uploaded_before=1003.0), [1, 2]),
        (Filters(asset_ids=(uid(1), uid(4), "nonsense")), [1, 4]),
        (Filters(asset_ids=("nonsense",)), []),
        (Filters(exclude_ids=(uid(1), "nonsense")), [0, 2, 3, 4]),
        (Filters(asset_ids=(uid(1), uid(4)), exclude_ids=(uid(1),)), [4]),
        (Filters(kind="image", content_type="image/jpeg", tags_any=("c",), metadata={"n": 4}), [4]),
        (Filters(kind="x' OR 1=1"), []),
        (Filters(words_any=("red", "größe")), [0, 2, 4]),
        (Filters(words_any=("green",)), []),
        (Filters(conditions=(Condition("n", any_of=(1, 3.0, "2")),)), [1, 3]),
        (Filters(conditions=(Condition("n", any_of=()),)), []),
        (Filters(conditions=(Condition("even", any_of=(True,)), Condition("n", none_of=(2,)))), [0, 4]),
        (Filters(conditions=(Condition("a-b", none_of=(3,)),)), [0, 1, 2, 4]),
        (Filters(conditions=(Condition("n", at_least=1, below=3),)), [1, 2]),
        (Filters(conditions=(Condition("half", above=0.5, at_most=1.5),)), [2, 3]),
        (Filters(conditions=(Condition("even", at_least=0),)), []),
        (Filters(conditions=(Condition("a.b[0]", at_least=0),)), []),
        (Filters(conditions=(Condition("a-b", at_least=4),)), [4]),
        (Filters(conditions=(Condition("a.c[1]", at_most=-4),)), [4]),
        (Filters(conditions=(Condition("a-b", exists=True),)), [3, 4]),
        (Filters(conditions=(Condition("a-b", exists=False),)), [0, 1, 2]),
        (Filters(conditions=(Condition("gone", exists=True),)), []),
        (Filters(conditions=(Condition("n", at_least=1), Condition("n", at_most=3)), kind="image"), [1, 2]),
    ],
)
async def test_filters_choose_exactly_the_matching_items(index, filters, expected):
    assert await found(index, filters) == expected
    assert sorted(await index.ids(filters)) == [uid(n) for n in expected]


async def test_pages_cover_everything_once_in_order(index):
    seen = []
    for offset in range(0, 7, 2):
        seen += [h.id for h in await index.search(direction(0), limit=2, offset=offset)]
    assert seen == [uid(n) for n in range(5)]


async def test_least_score_is_inclusive(index):
    hits = await index.search(direction(0), limit=10, min_score=float(np.cos(np.radians(20))))
    assert [h.id for h in hits] == [uid(0), uid(1), uid(2)]
    assert len(await index.search(direction(0), limit=10, min_score=1.0)) == 1


async def test_ids_lists_everything_once(index):
    assert sorted(await index.ids()) == [uid(n) for n in range(5)]


async def test_payloads_answers_only_known_ids(index):
    assert set(await index.payloads([uid(1), uid(50), "x"])) == {uid(1)}


async def test_upper_case_id_is_the_same_id(index):
    name = "ABCDEF00-0000-4000-8000-00000000000A"
    await index.upsert([IndexItem(name, direction(80), {"v": 1})])
    await index.upsert([IndexItem(name.lower(), direction(80), {"v": 2})])
    assert await index.count() == 6
    assert await index.get_payload(name) == {"v": 2}


@pytest.mark.parametrize(
    "item",
    [
        IndexItem("not-a-uuid", np.ones(DIM, np.float32)),
        IndexItem(uid(8), np.zeros(DIM, np.float32)),
        IndexItem(uid(8), np.full(DIM, np.nan, np.float32)),
        IndexItem(uid(8), np.ones(DIM, np.float32), {"a": object()}),
    ],
)
async def test_bad_item_is_refused_and_nothing_of_its_batch_stored(index, item):
    with pytest.raises(InvalidItem):
        await index.upsert([IndexItem(uid(7), direction(1)), item])
    assert await index.count() == 5


async def test_vectors_of_another_width_are_refused(index):
    wide = np.ones(DIM + 1, np.float32)
    with pytest.raises(IndexDimensionMismatch):
        await index.upsert([IndexItem(uid(8), wide)])
    with pytest.raises(IndexDimensionMismatch):
        await index.search(wide)
    assert await index.count() == 5


async def test_everything_is_there_after_reopening(index, opener):
    await index.close()
    again = await opener()
    assert await again.count() == 5
    assert await found(again, Filters(metadata={"even": True})) == [0, 2, 4]
    assert (await again.search(direction(0), limit=1))[0].payload == ITEMS[0].payload


async def test_opening_with_another_width_is_a_typed_error(index, opener):
    await index.close()
    with pytest.raises(IndexDimensionMismatch, match=f"{DIM} numbers, got {DIM + 1}"):
        await opener(dimension=DIM + 1)
    assert await (await opener()).count() == 5


async def test_versions_never_share_vectors(index, opener):
    await index.close()
    other = await opener(version=VERSION + "x", dimension=DIM + 1)
    assert await other.count() == 0
    await other.upsert([IndexItem(uid(0), np.ones(DIM + 1, np.float32))])
    await other.close()
    assert await (await opener()).count() == 5


async def test_closed_index_says_so(index):
    await index.close()
    await index.close()
    for call in (index.search(direction(0)), index.count(), index.upsert(ITEMS), index.flush()):
        with pytest.raises(IndexClosed):
            await call


async def test_more_than_one_page_of_ids(index, monkeypatch):
    monkeypatch.setattr(shard, "SCROLL", 2)
    monkeypatch.setattr(server, "SCROLL", 2)
    assert sorted(await index.ids()) == [uid(n) for n in range(5)]


async def test_dropped_collection_leaves_the_others(tmp_path: Path):
    client = AsyncQdrantClient(path=str(tmp_path / "server"))
    try:
        for version in (VERSION, "other@1"):
            index = await ServerIndex.open(client, version, DIM)
            await index.upsert([IndexItem(uid(1), direction(0))])
        await ServerIndex.drop(client, VERSION)
        await ServerIndex.drop(client, VERSION)
        assert await (await ServerIndex.open(client, "other@1", DIM)).count() == 1
        assert await (await ServerIndex.open(client, VERSION, DIM * 2)).count() == 0
    finally:
        await client.close()
