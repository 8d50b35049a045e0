"""What goes into a vector index and what comes out, and the interface of every implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Scalar = str | int | float | bool
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IndexItem:
    """One asset to index: UUID string, (d,) float32 vector, and a JSON payload.

    Filters read these payload keys, each optional: `kind` and `content_type` (strings), `tags` and `words` (lists of
    strings), `metadata` (dict of strings, numbers and booleans), `uploaded` (seconds since 1970, UTC).
    """

    id: str
    vector: Vector
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: id, cosine with the query in [-1, 1], payload as it was stored."""

    id: str
    score: float
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """What one metadata entry must be; all given parts must hold.

    `any_of` needs one of its values and `none_of` forbids them, where an item without the key meets `none_of`; both
    compare by type, as `Filters.metadata` does. `above`/`at_least`/`below`/`at_most` hold for numbers only. `exists`
    asks whether there is an entry of that key at all.
    """

    key: str
    any_of: tuple[Scalar, ...] | None = None
    none_of: tuple[Scalar, ...] = ()
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    exists: bool | None = None

    @property
    def is_range(self) -> bool:
        """Whether a bound is given."""
        return any(bound is not None for bound in (self.above, self.at_least, self.below, self.at_most))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items a search or count considers; all given conditions must hold.

    `tags_any` and `words_any` need one and `tags_all` every one of its tags; `metadata` compares values by type, so
    True is not 1 and "1" is not 1, while 1 equals 1.0. `uploaded_after` is inclusive and `uploaded_before`
    exclusive, both in seconds since 1970, UTC. None and an empty tuple are no condition; ids that are no
    UUID match nothing.
    """

    kind: str | None = None
    content_type: str | None = None
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    metadata: dict[str, Scalar] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    words_any: tuple[str, ...] = ()
    uploaded_after: float | None = None
    uploaded_before: float | None = None
    asset_ids: tuple[str, ...] = ()
    exclude_ids: tuple[str, ...] = ()


class VectorIndex(Protocol):
    """Nearest neighbours by cosine among the vectors of one model version.

    Every method raises a subclass of `IndexFault`. Searches see an upsert or delete once it has returned.
    """

    model_version: str
    dimension: int

    async def upsert(self, items: Sequence[IndexItem]) -> None:
        """Insert the items, replacing vector and payload where the id exists."""
        ...

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these ids; unknown ones are ignored."""
        ...

    async def search(
        self,
        vector: Vector,
        *,
        limit: int = 10,
        offset: int = 0,
        filters: Filters | None = None,
        min_score: float | None = None,
    ) -> list[Hit]:
        """The items most similar to a (d,) vector, best first; `min_score` is a cosine, inclusive."""
        ...

    async def count(self, filters: Filters | None = None) -> int:
        """Exact number of items that match."""
        ...

    async def ids(self, filters: Filters | None = None) -> list[str]:
        """Every id that matches, once, in usual UUID form."""
        ...

    async def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The stored payloads of those ids that are known, by id."""
        ...

    async def get_payload(self, id: str) -> dict[str, Any] | None:
        """The stored payload, or None for an unknown id."""
        ...

    async def flush(self) -> None:
        """Return when everything acknowledged so far is on stable storage."""
        ...

    async def close(self) -> None:
        """Flush and release everything; calling it again does nothing."""
        ...
