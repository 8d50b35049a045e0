"""Our vector index beside the bare Qdrant Edge call and brute force in NumPy, in one run.

    python -m benchmarks.index_search [--sizes 10000 100000]

Vectors are synthetic: unit vectors around 200 centres, 384 numbers each, because searching cares for their geometry and
not for their origin. Queries are items that are not in the index. Recall@10 is against exact brute force.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import qdrant_edge as qe

from dino_analytics.index.edge import EdgeIndex
from dino_analytics.index.interface import Filters, IndexItem

RESULTS = Path(__file__).parent / "results"
DIMENSION, LIMIT, QUERIES, WARM_UP = 384, 10, 300, 30
VERSION = "benchmark@1"
RARE = 10
"""One item in this many carries the tag that the filtered searches ask for."""


def vectors(count: int, seed: int) -> np.ndarray:
    centres = np.random.default_rng(0).normal(size=(200, DIMENSION))
    rng = np.random.default_rng(seed)
    made = centres[rng.integers(0, 200, count)] + 0.8 * rng.normal(size=(count, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def item_id(n: int) -> str:
    return str(uuid.UUID(int=n))


def resident_mb() -> float:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def disk_mb(folder: Path) -> int:
    return round(sum(file.stat().st_blocks * 512 for file in folder.rglob("*")) / 2**20)


def timing(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "p50_ms": round(statistics.median(ordered), 3),
        "p99_ms": round(ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 3),
    }


async def timed(
    queries: np.ndarray, search: Callable[[np.ndarray], Awaitable[list[str]]], truth: list[set[str]]
) -> dict[str, float]:
    times, found = [], 0
    for query in queries[:WARM_UP]:
        await search(query)
    for query, expected in zip(queries, truth, strict=True):
        start = time.perf_counter()
        ids = await search(query)
        times.append(1000 * (time.perf_counter() - start))
        found += len(expected & set(ids))
    return timing(times) | {"recall_at_10": round(found / (LIMIT * len(queries)), 4)}


async def fill(index: EdgeIndex, rows: np.ndarray) -> float:
    start = time.perf_counter()
    for begin in range(0, len(rows), 500):
        batch = rows[begin : begin + 500]
        await index.upsert(
            [
                IndexItem(
                    item_id(begin + k),
                    row,
                    {
                        "kind": "image",
                        "content_type": "image/jpeg",
                        "tags": ["rare"] if (begin + k) % RARE == 0 else ["common"],
                        "metadata": {"n": begin + k},
                        "filename": f"{begin + k}.jpg",
                        "uploaded": 1.7e9 + begin + k,
                    },
                )
                for k, row in enumerate(batch)
            ]
        )
    return time.perf_counter() - start


async def measure(size: int) -> dict:
    rows, queries = vectors(size, 1), vectors(QUERIES, 2)
    rare = np.arange(0, size, RARE)
    cosines = queries @ rows.T
    truth = [{item_id(int(k)) for k in np.argpartition(-c, LIMIT)[:LIMIT]} for c in cosines]
    rare_truth = [{item_id(int(rare[k])) for k in np.argpartition(-c[rare], LIMIT)[:LIMIT]} for c in cosines]
    del cosines
    before = resident_mb()
    with tempfile.TemporaryDirectory() as folder:
        # Automatic building off, so that filling and building are timed apart.
        index = await EdgeIndex.open(Path(folder), VERSION, DIMENSION, compact_after=10**9)
        filled = await fill(index, rows)
        start = time.perf_counter()
        await index.compact()
        built = time.perf_counter() - start
        await index.close()
        index = await EdgeIndex.open(Path(folder), VERSION, DIMENSION)
        bare = index._shard._edge
        tagged = Filters(tags_any=("rare",))
        condition = qe.Filter(must=[qe.FieldCondition(key="f_tags", match=qe.MatchAny(["rare"]))])
        parameters = qe.SearchParams(hnsw_ef=128)

        async def ours(query: np.ndarray, filters: Filters | None = None) -> list[str]:
            return [hit.id for hit in await index.search(query, limit=LIMIT, filters=filters)]

        async def edge(query: np.ndarray, condition: qe.Filter | None = None) -> list[str]:
            request = qe.SearchRequest(
                query=qe.Query.Nearest(query),
                limit=LIMIT,
                filter=condition,
                params=parameters,
                with_payload=True,
            )
            return [str(point.id) for point in bare.search(request)]

        async def brute(query: np.ndarray, among: np.ndarray | None = None) -> list[str]:
            scores = rows @ query if among is None else rows[among] @ query
            best = np.argpartition(-scores, LIMIT)[:LIMIT]
            best = best[np.argsort(-scores[best])]
            return [item_id(int(k if among is None else among[k])) for k in best]

        result = {
            "vectors": size,
            "upsert_per_second": round(size / filled),
            "build_graph_seconds": round(built, 1),
            "plain": {
                "ours": await timed(queries, ours, truth),
                "bare": await timed(queries, edge, truth),
                "numpy": await timed(queries, brute, truth),
            },
            "filtered": {
                "ours": await timed(queries, lambda q: ours(q, tagged), rare_truth),
                "bare": await timed(queries, lambda q: edge(q, condition), rare_truth),
                "numpy": await timed(queries, lambda q: brute(q, rare), rare_truth),
            },
            "resident_mb_added": round(resident_mb() - before),
            "files_mb": disk_mb(Path(folder)),
        }
        await index.close()
    for kind in ("plain", "filtered"):
        times = result[kind]
        result[kind]["bare_over_ours_p50"] = round(times["bare"]["p50_ms"] / times["ours"]["p50_ms"], 3)
        result[kind]["numpy_over_ours_p50"] = round(times["numpy"]["p50_ms"] / times["ours"]["p50_ms"], 3)
    return result


def as_markdown(results: list[dict]) -> str:
    lines = [
        "# Search in the vector index",
        "",
        "Written by `python -m benchmarks.index_search` in one run: 384 numbers, ten neighbours with payload, 300",
        "queries one after the other. *bare* is the same Qdrant Edge shard called directly, *numpy* exact brute",
        "force. The filter keeps one item in ten. Speed is p50 of the other over p50 of ours: above 1 ours is faster.",
        "",
        "| vectors | filter | ours p50 / p99 ms | bare p50 / p99 ms | numpy p50 / p99 ms | recall@10 ours / bare |"
        " bare ÷ ours | numpy ÷ ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        for kind, name in (("plain", "no"), ("filtered", "yes")):
            t = r[kind]
            cells = " | ".join(f"{t[w]['p50_ms']:.2f} / {t[w]['p99_ms']:.2f}" for w in ("ours", "bare", "numpy"))
            lines.append(
                f"| {r['vectors']:,} | {name} | {cells} | {t['ours']['recall_at_10']:.3f} / "
                f"{t['bare']['recall_at_10']:.3f} | {t['bare_over_ours_p50']:.2f} | {t['numpy_over_ours_p50']:.2f} |"
            )
    lines += [
        "",
        "| vectors | upserts a second | graph built in s (child process) | memory added, MB | files, MB |",
        "|---|---|---|---|---|",
    ]
    for r in results:
        lines.append(
            f"| {r['vectors']:,} | {r['upsert_per_second']:,} | {r['build_graph_seconds']} | "
            f"{r['resident_mb_added']} | {r['files_mb']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(asyncio.run(measure(arguments.one))))
        return
    results = []
    for size in arguments.sizes:
        # A process for each size, so that memory is that of the one index.
        command = [sys.executable, "-m", "benchmarks.index_search", "--one", str(size)]
        results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "index_search.json").write_text(json.dumps(results, indent=1) + "\n")
    text = as_markdown(results)
    (RESULTS / "index_search.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
