"""What the index in files adds: one holder, survival of kill -9, and graph building beside searches."""

import asyncio
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest

from dino_analytics.index import edge
from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.errors import IndexDimensionMismatch, IndexLocked, IndexUnavailable
from dino_analytics.index.interface import Filters, IndexItem
from dino_analytics.index.points import collection_name

VERSION, DIM = "model@1", 16
RNG = np.random.default_rng(5)

WRITER = """
import asyncio, sys, uuid
from pathlib import Path
import numpy as np
from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.interface import IndexItem

async def main():
    index = await EdgeIndex.open(Path(sys.argv[1]), "model@1", 16)
    rng = np.random.default_rng(0)
    n = 0
    while True:
        items = [IndexItem(str(uuid.UUID(int=n + k)), rng.normal(size=16), {"n": n + k}) for k in range(3)]
        await index.upsert(items)
        n += 3
        if n % 30 == 0:
            await index.delete([str(uuid.UUID(int=n - 1))])
            print("deleted", n - 1, flush=True)
        print("stored", n, flush=True)

asyncio.run(main())
"""


def items(n: int, start: int = 0) -> list[IndexItem]:
    vectors = RNG.normal(size=(n, DIM)).astype(np.float32)
    return [IndexItem(str(uuid.UUID(int=start + i)), v, {"n": start + i}) for i, v in enumerate(vectors)]


def writer(root: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE, text=True)


async def test_acknowledged_writes_survive_kill_nine(tmp_path):
    process = writer(tmp_path)
    try:
        lines = [process.stdout.readline() for _ in range(400)]
    finally:
        process.send_signal(signal.SIGKILL)
    lines += process.stdout.read().splitlines()
    assert process.wait() == -signal.SIGKILL
    words = [line.split() for line in lines if len(line.split()) == 2]
    stored = max(int(n) for what, n in words if what == "stored")
    deleted = {int(n) for what, n in words if what == "deleted"}
    assert stored >= 900
    assert len(deleted) >= 30
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    try:
        present = {uuid.UUID(id).int for id in await index.ids()}
        # One write may have been applied whose acknowledgement was not printed any more.
        lost = set(range(stored)) - deleted - present
        assert lost <= {stored + (-stored) % 30 - 1}
        assert not deleted & present
        assert (await index.get_payload(str(uuid.UUID(int=0)))) == {"n": 0}
        assert await index.search(np.ones(DIM, np.float32), limit=5)
    finally:
        await index.close()


async def test_second_process_is_refused_clearly_and_may_open_after_the_first_ends(tmp_path):
    process = writer(tmp_path)
    try:
        process.stdout.readline()
        with pytest.raises(IndexLocked, match=f"id {process.pid}.*QDRANT_URL"):
            await EdgeIndex.open(tmp_path, VERSION, DIM)
    finally:
        process.kill()
        process.communicate()
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    with pytest.raises(IndexLocked):
        await EdgeIndex.open(tmp_path, VERSION, DIM)
    await index.close()


async def test_failed_opening_leaves_no_lock(tmp_path):
    await (await EdgeIndex.open(tmp_path, VERSION, DIM)).close()
    with pytest.raises(IndexDimensionMismatch):
        await EdgeIndex.open(tmp_path, VERSION, DIM + 1)
    await (await EdgeIndex.open(tmp_path, VERSION, DIM)).close()


async def test_damaged_files_are_a_typed_error(tmp_path):
    await (await EdgeIndex.open(tmp_path, VERSION, DIM)).close()
    config = tmp_path / collection_name(VERSION) / "shard-000001" / "edge_config.json"
    config.write_text("{")
    with pytest.raises(IndexUnavailable, match="cannot be opened"):
        await EdgeIndex.open(tmp_path, VERSION, DIM)


async def test_writes_during_compaction_are_kept_and_searches_go_on(tmp_path, monkeypatch):
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    await index.upsert(items(3000))
    building, may_finish = asyncio.Event(), asyncio.Event()
    real = edge.optimize_copy

    async def paused(path: Path, dimension: int) -> None:
        building.set()
        await may_finish.wait()
        await real(path, dimension)

    monkeypatch.setattr(edge, "optimize_copy", paused)
    compaction = asyncio.create_task(index.compact())
    await building.wait()
    replaced = IndexItem(str(uuid.UUID(int=7)), np.eye(DIM, dtype=np.float32)[0], {"n": "new"})
    await index.upsert([*items(10, start=5000), replaced])
    await index.delete([str(uuid.UUID(int=1))])
    assert await index.search(replaced.vector, limit=1)
    may_finish.set()
    await compaction
    assert await index.count() == 3009
    assert await index.get_payload(replaced.id) == {"n": "new"}
    assert (await index.search(replaced.vector, limit=1))[0].id == replaced.id
    assert await index.get_payload(str(uuid.UUID(int=1))) is None
    await index.close()
    folder = tmp_path / collection_name(VERSION)
    assert [p.name for p in folder.glob("shard-*")] == ["shard-000002"]
    again = await EdgeIndex.open(tmp_path, VERSION, DIM)
    assert await again.count() == 3009
    await again.close()


async def test_compaction_starts_by_itself_and_finds_the_true_neighbours(tmp_path):
    many = items(2000)
    index = await EdgeIndex.open(tmp_path, VERSION, DIM, compact_after=1000)
    await index.upsert(many)
    await index.compact()
    matrix = np.stack([i.vector / np.linalg.norm(i.vector) for i in many])
    for query in matrix[:20]:
        truth = {many[k].id for k in np.argsort(-matrix @ query)[:10]}
        assert {h.id for h in await index.search(query, limit=10)} == truth
    await index.close()


async def test_half_built_generation_is_removed_at_the_next_opening(tmp_path):
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    await index.upsert(items(5))
    await index.close()
    leftover = tmp_path / collection_name(VERSION) / "shard-000002"
    leftover.mkdir()
    (leftover / "edge_config.json").write_text("half")
    again = await EdgeIndex.open(tmp_path, VERSION, DIM)
    assert await again.count() == 5
    assert not leftover.exists()
    await again.close()


async def test_closing_during_compaction_keeps_everything(tmp_path, monkeypatch):
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    await index.upsert(items(50))
    building = asyncio.Event()

    async def forever(path: Path, dimension: int) -> None:
        building.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(edge, "optimize_copy", forever)
    compaction = asyncio.create_task(index.compact())
    await building.wait()
    await index.close()
    with pytest.raises(asyncio.CancelledError):
        await compaction
    again = await EdgeIndex.open(tmp_path, VERSION, DIM)
    assert await again.count() == 50
    await again.close()


async def test_many_concurrent_calls_are_answered_right(tmp_path):
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    many = items(400)
    await asyncio.gather(*(index.upsert(many[k : k + 10]) for k in range(0, 400, 10)))
    hits = await asyncio.gather(*(index.search(i.vector, limit=1) for i in many))
    assert [h[0].id for h in hits] == [i.id for i in many]
    only = Filters(asset_ids=(many[3].id,))
    assert [h.id for h in await index.search(many[0].vector, filters=only)] == [many[3].id]
    await index.close()


async def test_writes_reach_stable_storage_without_being_asked(tmp_path, monkeypatch):
    flushed = asyncio.Event()
    monkeypatch.setattr(edge, "FLUSH_DELAY", 0.01)
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    real = index.flush

    async def seen() -> None:
        await real()
        flushed.set()

    monkeypatch.setattr(index, "flush", seen)
    await index.upsert(items(1))
    await asyncio.wait_for(flushed.wait(), 10)
    await index.close()


async def test_dropped_index_is_gone_and_may_be_made_anew_with_another_width(tmp_path):
    index = await EdgeIndex.open(tmp_path, VERSION, DIM)
    await index.upsert([IndexItem(str(uuid.UUID(int=1)), RNG.normal(size=DIM))])
    with pytest.raises(IndexLocked):
        await EdgeIndex.drop(tmp_path, VERSION)
    assert await index.count() == 1
    await index.close()
    await EdgeIndex.drop(tmp_path, VERSION)
    assert list(tmp_path.iterdir()) == []
    await EdgeIndex.drop(tmp_path, VERSION)
    again = await EdgeIndex.open(tmp_path, VERSION, DIM * 2)
    assert await again.count() == 0
    await again.close()
