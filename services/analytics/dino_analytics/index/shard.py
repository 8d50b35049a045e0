"""Blocking calls on one Qdrant Edge shard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import qdrant_edge as qe

from dino_analytics.index.errors import IndexUnavailable
from dino_analytics.index.interface import Filters, Hit, Vector
from dino_analytics.index.points import (
    CONTENT_TYPE,
    FLOAT_FIELDS,
    KEYS,
    KEYWORD_FIELDS,
    KIND,
    NUMBERS,
    PAYLOAD,
    TAGS,
    TERMS,
    UPLOADED,
    WORDS,
    known_ids,
    number_field,
    term,
)

SCROLL = 5000
LINKS, CONSTRUCTION = 16, 128
"""Edges a node and candidates while building, of the HNSW graph (Malkov and Yashunin 2018)."""
FULL_SCAN_KB = 10_000
"""Below this many KB of vectors a search compares them all, which is exact and as fast."""
BREADTH = 128
"""Least number of candidates a graph search keeps; more is slower and finds more of the true neighbours."""

Point = tuple[str, Vector, dict[str, Any]]


class Shard:
    """A shard of vectors at length 1 by dot product, which is their cosine. Not thread-safe."""

    def __init__(self, path: Path, dimension: int) -> None:
        """Open the shard at the path, making it with its payload indexes where there is none."""
        config = qe.EdgeConfig(
            vectors=qe.EdgeVectorParams(size=dimension, distance=qe.Distance.Dot),
            hnsw_config=qe.HnswIndexConfig(m=LINKS, ef_construct=CONSTRUCTION, full_scan_threshold=FULL_SCAN_KB),
        )
        try:
            if (path / "edge_config.json").exists():
                self._edge = qe.EdgeShard.load(str(path), config)
                present = set(self._edge.info().payload_schema)
            else:
                path.mkdir(parents=True, exist_ok=True)
                self._edge = qe.EdgeShard.create(str(path), config)
                present = set()
        except Exception as error:
            raise IndexUnavailable(f"the index files at {path.name} cannot be opened: {error}") from error
        # Also after a crash between making the shard and its indexes.
        for fields, kind in (
            (KEYWORD_FIELDS, qe.PayloadSchemaType.Keyword),
            (FLOAT_FIELDS, qe.PayloadSchemaType.Float),
        ):
            for field in fields:
                if field not in present:
                    self._edge.update(qe.UpdateOperation.create_field_index(field, kind))

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points to the log and apply them."""
        made = [qe.Point(id, vector.tolist(), payload) for id, vector, payload in points]
        self._edge.update(qe.UpdateOperation.upsert_points(made))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points; unknown ids are ignored."""
        self._edge.update(qe.UpdateOperation.delete_points(list(ids)))

    def search(self, vector: Vector, limit: int, offset: int, condition: qe.Filter | None) -> list[Hit]:
        """Nearest points, best first."""
        found = self._edge.search(
            qe.SearchRequest(
                query=qe.Query.Nearest(vector.tolist()),
                limit=limit,
                offset=offset,
                filter=condition,
                params=qe.SearchParams(hnsw_ef=max(BREADTH, 2 * (limit + offset))),
                with_payload=[PAYLOAD],
            )
        )
        return [Hit(str(p.id), p.score, (p.payload or {}).get(PAYLOAD, {})) for p in found]

    def count(self, condition: qe.Filter | None) -> int:
        """Exact number of matching points."""
        return self._edge.count(qe.CountRequest(exact=True, filter=condition))

    def ids(self, condition: qe.Filter | None = None) -> list[str]:
        """Every matching id, in order."""
        found: list[str] = []
        offset = None
        while True:
            records, offset = self._edge.scroll(
                qe.ScrollRequest(offset=offset, limit=SCROLL, filter=condition, with_payload=False, with_vector=False)
            )
            found += [str(record.id) for record in records]
            if offset is None:
                return found

    def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Stored payloads of the known ids."""
        records = self._edge.retrieve(list(ids), with_payload=[PAYLOAD], with_vector=False)
        return {str(r.id): (r.payload or {}).get(PAYLOAD, {}) for r in records}

    def raw(self, ids: Sequence[str]) -> list[qe.Point]:
        """Whole points as they are stored, for copying into another shard."""
        records = self._edge.retrieve(list(ids), with_payload=True, with_vector=True)
        return [qe.Point(r.id, r.vector or [], r.payload) for r in records]

    def upsert_raw(self, points: list[qe.Point]) -> None:
        """Write points that `raw` read."""
        self._edge.update(qe.UpdateOperation.upsert_points(points))

    def unindexed(self) -> int:
        """Number of vectors that are not in the graph yet and are compared one by one."""
        info = self._edge.info()
        return max(0, info.points_count - info.indexed_vectors_count)

    def optimize(self) -> None:
        """Build the graph. Holds the interpreter lock all the while: only for a process of its own."""
        self._edge.optimize()

    def flush(self) -> None:
        """Bring everything to stable storage."""
        self._edge.flush()

    def close(self) -> None:
        """Flush and release the files."""
        self._edge.flush()
        self._edge.close()


def edge_filter(filters: Filters | None) -> qe.Filter | None:
    """The filters in Qdrant Edge's terms, None when there is no condition."""
    if filters is None:
        return None
    must: list[Any] = []
    must_not: list[Any] = []

    def equal(field: str, value: str) -> None:
        must.append(qe.FieldCondition(key=field, match=qe.MatchValue(value)))

    if filters.kind is not None:
        equal(KIND, filters.kind)
    if filters.content_type is not None:
        equal(CONTENT_TYPE, filters.content_type)
    if filters.tags_any:
        must.append(qe.FieldCondition(key=TAGS, match=qe.MatchAny(list(filters.tags_any))))
    for tag in filters.tags_all:
        equal(TAGS, tag)
    for key, value in filters.metadata.items():
        equal(TERMS, term(key, value))
    for condition in filters.conditions:
        key = condition.key
        if condition.any_of is not None:
            wanted = [term(key, value) for value in condition.any_of]
            must.append(qe.FieldCondition(key=TERMS, match=qe.MatchAny(wanted)))
        if condition.none_of:
            unwanted = [term(key, value) for value in condition.none_of]
            must_not.append(qe.FieldCondition(key=TERMS, match=qe.MatchAny(unwanted)))
        if condition.is_range:
            bounds = qe.RangeFloat(
                gt=condition.above, gte=condition.at_least, lt=condition.below, lte=condition.at_most
            )
            must.append(qe.FieldCondition(key=f"{NUMBERS}.{number_field(key)}", range=bounds))
        if condition.exists is not None:
            there = qe.FieldCondition(key=KEYS, match=qe.MatchValue(key))
            (must if condition.exists else must_not).append(there)
    if filters.words_any:
        must.append(qe.FieldCondition(key=WORDS, match=qe.MatchAny(list(filters.words_any))))
    if filters.uploaded_after is not None or filters.uploaded_before is not None:
        span = qe.RangeFloat(gte=filters.uploaded_after, lt=filters.uploaded_before)
        must.append(qe.FieldCondition(key=UPLOADED, range=span))
    if filters.asset_ids:
        must.append(qe.HasIdCondition(set(known_ids(filters.asset_ids))))
    if excluded := known_ids(filters.exclude_ids):
        must_not.append(qe.HasIdCondition(set(excluded)))
    if not must and not must_not:
        return None
    return qe.Filter(must=must or None, must_not=must_not or None)
