"""What can go wrong with a vector index, one type each."""

from __future__ import annotations


class IndexFault(Exception):
    """Base of every fault of a vector index."""


class IndexDimensionMismatch(IndexFault):
    """Vectors of another width than the collection holds, or a collection opened with another width."""

    def __init__(self, collection: str, expected: int, got: int) -> None:
        """Name the collection, the width it holds and the width that was given."""
        super().__init__(f"index {collection!r} holds vectors of {expected} numbers, got {got}")
        self.collection, self.expected, self.got = collection, expected, got


class IndexVersionMismatch(IndexFault):
    """A directory or collection that belongs to another model version or another format."""


class IndexLocked(IndexFault):
    """Another process has the index directory open."""


class IndexClosed(IndexFault):
    """The index was closed before this call."""


class IndexUnavailable(IndexFault):
    """The index server or the index's files did not answer."""


class InvalidItem(IndexFault):
    """An id that is no UUID, a vector that is no finite direction, or a payload that is not JSON."""
