"""The vector index on a Qdrant server or cluster, shared by several analytics processes."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from typing import Any, TypeVar

from qdrant_client import AsyncQdrantClient, models

from dino_analytics.index.edge import TOLERANCE
from dino_analytics.index.errors import (
    IndexClosed,
    IndexDimensionMismatch,
    IndexUnavailable,
    IndexVersionMismatch,
)
from dino_analytics.index.interface import Filters, Hit, IndexItem, Vector
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
    canonical_id,
    collection_name,
    known_ids,
    number_field,
    stored_payload,
    term,
    unit_vector,
)
from dino_analytics.index.shard import BREADTH, CONSTRUCTION, LINKS

T = TypeVar("T")
SCROLL = 5000
UPSERT_CHUNK = 256
"""Points of one request: about 3 MB of JSON at 1,024 numbers each."""


class ServerIndex:
    """One collection per model version on a Qdrant server; see `VectorIndex`.

    Writes wait until the server has applied them, so a search sees them; their durability is the server's
    write-ahead log. Collections are named `<prefix>_<version>`, and the version is kept with the collection.
    """

    def __init__(self, client: AsyncQdrantClient, collection: str, model_version: str, dimension: int) -> None:
        """Use `open` instead."""
        self.model_version, self.dimension = model_version, dimension
        self._client, self._collection, self._closed = client, collection, False

    @classmethod
    async def open(
        cls, client: AsyncQdrantClient, model_version: str, dimension: int, *, prefix: str = "dino"
    ) -> ServerIndex:
        """Open or make the collection of a model version; the index closes the client.

        Raises IndexDimensionMismatch, IndexVersionMismatch or IndexUnavailable.
        """
        index = cls(client, f"{prefix}_{collection_name(model_version)}", model_version, dimension)
        await index._prepare()
        return index

    @staticmethod
    async def drop(client: AsyncQdrantClient, model_version: str, *, prefix: str = "dino") -> None:
        """Remove the collection of a model version; IndexUnavailable when the server does not answer."""
        try:
            await client.delete_collection(f"{prefix}_{collection_name(model_version)}")
        except Exception as error:
            raise IndexUnavailable(f"the index server did not answer: {error}") from error

    async def upsert(self, items: Sequence[IndexItem]) -> None:
        """See `VectorIndex`."""
        points = [
            models.PointStruct(
                id=canonical_id(item.id),
                vector=unit_vector(item.vector, self.dimension, self.model_version).tolist(),
                payload=stored_payload(item),
            )
            for item in items
        ]
        for start in range(0, len(points), UPSERT_CHUNK):
            chunk = points[start : start + UPSERT_CHUNK]
            await self._call(self._client.upsert(self._collection, chunk, wait=True))

    async def delete(self, ids: Sequence[str]) -> None:
        """See `VectorIndex`."""
        if known := known_ids(ids):
            selector = models.PointIdsList(points=list(known))
            await self._call(self._client.delete(self._collection, selector, wait=True))

    async def search(
        self,
        vector: Vector,
        *,
        limit: int = 10,
        offset: int = 0,
        filters: Filters | None = None,
        min_score: float | None = None,
    ) -> list[Hit]:
        """See `VectorIndex`."""
        query = unit_vector(vector, self.dimension, self.model_version)
        answer = await self._call(
            self._client.query_points(
                self._collection,
                query=query.tolist(),
                limit=limit,
                offset=offset,
                query_filter=server_filter(filters),
                search_params=models.SearchParams(hnsw_ef=max(BREADTH, 2 * (limit + offset))),
                with_payload=[PAYLOAD],
            )
        )
        hits = [Hit(str(p.id), p.score, (p.payload or {}).get(PAYLOAD, {})) for p in answer.points]
        return hits if min_score is None else [h for h in hits if h.score >= min_score - TOLERANCE]

    async def count(self, filters: Filters | None = None) -> int:
        """See `VectorIndex`."""
        condition = server_filter(filters)
        answer = await self._call(self._client.count(self._collection, count_filter=condition, exact=True))
        return answer.count

    async def ids(self, filters: Filters | None = None) -> list[str]:
        """See `VectorIndex`."""
        found: list[str] = []
        condition = server_filter(filters)
        offset = None
        while True:
            records, offset = await self._call(
                self._client.scroll(
                    self._collection,
                    scroll_filter=condition,
                    limit=SCROLL,
                    offset=offset,
                    with_payload=False,
                    with_vectors=False,
                )
            )
            found += [str(record.id) for record in records]
            if offset is None:
                return found

    async def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """See `VectorIndex`."""
        known = known_ids(ids)
        if not known:
            return {}
        records = await self._call(
            self._client.retrieve(self._collection, known, with_payload=[PAYLOAD], with_vectors=False)
        )
        return {str(r.id): (r.payload or {}).get(PAYLOAD, {}) for r in records}

    async def get_payload(self, id: str) -> dict[str, Any] | None:
        """See `VectorIndex`."""
        return next(iter((await self.payloads([id])).values()), None)

    async def flush(self) -> None:
        """See `VectorIndex`: the server answers a write only when it is in its own log."""
        if self._closed:
            raise IndexClosed(f"the index of {self.model_version} is closed")

    async def close(self) -> None:
        """See `VectorIndex`."""
        if not self._closed:
            self._closed = True
            await self._client.close()

    async def _prepare(self) -> None:
        if not await self._call(self._client.collection_exists(self._collection)):
            await self._create()
        info = await self._call(self._client.get_collection(self._collection))
        vectors = info.config.params.vectors
        size = vectors.size if isinstance(vectors, models.VectorParams) else 0
        if size != self.dimension:
            raise IndexDimensionMismatch(self.model_version, size, self.dimension)
        kept = (info.config.metadata or {}).get("model_version", self.model_version)
        if kept != self.model_version:
            raise IndexVersionMismatch(f"{self._collection!r} is of {kept!r}, not of {self.model_version!r}")
        await self._index_fields(info.payload_schema)

    async def _create(self) -> None:
        try:
            await self._call(
                self._client.create_collection(
                    self._collection,
                    vectors_config=models.VectorParams(size=self.dimension, distance=models.Distance.DOT),
                    hnsw_config=models.HnswConfigDiff(m=LINKS, ef_construct=CONSTRUCTION),
                    metadata={"model_version": self.model_version},
                )
            )
        except IndexUnavailable:
            # Another replica may have made it in the same moment.
            if not await self._call(self._client.collection_exists(self._collection)):
                raise

    async def _index_fields(self, present: Collection[str]) -> None:
        """Index what filters read, also in a collection that an earlier release made."""
        for fields, kind in (
            (KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD),
            (FLOAT_FIELDS, models.PayloadSchemaType.FLOAT),
        ):
            for field in fields:
                if field not in present:
                    await self._call(self._client.create_payload_index(self._collection, field, kind, wait=True))

    async def _call(self, answer: Awaitable[T]) -> T:
        if self._closed:
            if hasattr(answer, "close"):
                answer.close()  # type: ignore[attr-defined]
            raise IndexClosed(f"the index of {self.model_version} is closed")
        try:
            return await answer
        except Exception as error:
            raise IndexUnavailable(f"the index server did not answer: {error}") from error


def server_filter(filters: Filters | None) -> models.Filter | None:
    """The filters in the Qdrant server's terms, None when there is no condition."""
    if filters is None:
        return None
    must: list[Any] = []
    must_not: list[Any] = []

    def equal(field: str, value: str) -> None:
        must.append(models.FieldCondition(key=field, match=models.MatchValue(value=value)))

    if filters.kind is not None:
        equal(KIND, filters.kind)
    if filters.content_type is not None:
        equal(CONTENT_TYPE, filters.content_type)
    if filters.tags_any:
        must.append(models.FieldCondition(key=TAGS, match=models.MatchAny(any=list(filters.tags_any))))
    for tag in filters.tags_all:
        equal(TAGS, tag)
    for key, value in filters.metadata.items():
        equal(TERMS, term(key, value))
    for condition in filters.conditions:
        key = condition.key
        if condition.any_of is not None:
            wanted = [term(key, value) for value in condition.any_of]
            must.append(models.FieldCondition(key=TERMS, match=models.MatchAny(any=wanted)))
        if condition.none_of:
            unwanted = [term(key, value) for value in condition.none_of]
            must_not.append(models.FieldCondition(key=TERMS, match=models.MatchAny(any=unwanted)))
        if condition.is_range:
            bounds = models.Range(gt=condition.above, gte=condition.at_least, lt=condition.below, lte=condition.at_most)
            must.append(models.FieldCondition(key=f"{NUMBERS}.{number_field(key)}", range=bounds))
        if condition.exists is not None:
            there = models.FieldCondition(key=KEYS, match=models.MatchValue(value=key))
            (must if condition.exists else must_not).append(there)
    if filters.words_any:
        must.append(models.FieldCondition(key=WORDS, match=models.MatchAny(any=list(filters.words_any))))
    if filters.uploaded_after is not None or filters.uploaded_before is not None:
        span = models.Range(gte=filters.uploaded_after, lt=filters.uploaded_before)
        must.append(models.FieldCondition(key=UPLOADED, range=span))
    if filters.asset_ids:
        must.append(models.HasIdCondition(has_id=list(known_ids(filters.asset_ids))))
    excluded: list[Any] = list(known_ids(filters.exclude_ids))
    if excluded:
        must_not.append(models.HasIdCondition(has_id=excluded))
    if not must and not must_not:
        return None
    return models.Filter(must=must or None, must_not=must_not or None)
