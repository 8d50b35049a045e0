"""The tree of merging clusters over a graph of neighbours: mutual reachability and single linkage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from dino_analytics.core.sets.neighbours import Neighbours

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Dendrogram:
    """Merges from near to far: row m joins `left` and `right` (below n an item, else merge n + m') at `distance`.

    `size` items are in the joined cluster. Merges of parts that no edge connects stand last, at infinity.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    distance: NDArray[np.float64]
    size: NDArray[np.int64]


def mutual_reachability(neighbours: Neighbours, min_samples: int) -> coo_matrix:
    """Edges of the graph of neighbours, weighted by mutual reachability (Campello, Moulavi and Sander, PAKDD 2013).

    The distance of two unit vectors is √(2 − 2·cos); that of an edge is the largest of it and the distances of both
    ends to their `min_samples`-th nearest, the item itself counting as its first.
    """
    count, k = len(neighbours.index), neighbours.index.shape[1]
    distance = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * neighbours.cosine.astype(np.float64)))
    reach = min(min_samples - 1, k)
    core: NDArray[np.float64] = np.zeros(count) if reach < 1 else distance[:, reach - 1]
    rows = np.repeat(np.arange(count), k)
    columns = neighbours.index.ravel()
    there = columns >= 0
    rows, columns, weight = rows[there], columns[there].astype(np.int64), distance.ravel()[there]
    weight = np.maximum(np.maximum(weight, core[rows]), core[columns])
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    key = low * count + high
    order = np.lexsort((weight, key))
    first = np.unique(key[order], return_index=True)[1]
    kept = order[first]
    # An edge of weight nothing is no edge to SciPy.
    return coo_matrix((np.maximum(weight[kept], _TINY), (low[kept], high[kept])), shape=(count, count))


def single_linkage(graph: coo_matrix) -> Dendrogram:
    """Merge the ends of the graph's minimum spanning tree from near to far; ties by the items' numbers."""
    count = graph.tocsr().indptr.size - 1
    spanning = minimum_spanning_tree(graph.tocsr()).tocoo()
    low, high = np.minimum(spanning.row, spanning.col), np.maximum(spanning.row, spanning.col)
    order = np.lexsort((high, low, spanning.data))
    edges = zip(low[order].tolist(), high[order].tolist(), spanning.data[order].tolist(), strict=True)
    parent = list(range(2 * count - 1)) if count else []
    sizes = [1] * count + [0] * max(0, count - 1)
    left, right, distance = [], [], []

    def root(item: int) -> int:
        top = item
        while parent[top] != top:
            top = parent[top]
        while parent[item] != top:
            parent[item], item = top, parent[item]
        return top

    def join(one: int, other: int, at: float) -> None:
        merged = count + len(left)
        left.append(one)
        right.append(other)
        distance.append(at)
        sizes[merged] = sizes[one] + sizes[other]
        parent[one] = parent[other] = merged

    for one, other, at in edges:
        join(root(one), root(other), at)
    tops = sorted({root(item) for item in range(count)})
    while len(tops) > 1:
        join(tops[0], tops[1], np.inf)
        tops = [count + len(left) - 1, *tops[2:]]
    return Dendrogram(
        np.asarray(left, np.int64),
        np.asarray(right, np.int64),
        np.asarray(distance, np.float64),
        np.asarray(sizes[count:], np.int64),
    )
