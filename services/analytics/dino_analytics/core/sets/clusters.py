"""Clusters of feature vectors: by density or of a given number, and what each is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dino_analytics.core.sets.density import Labelled, persistent_clusters
from dino_analytics.core.sets.neighbours import Neighbours, nearest_neighbours
from dino_analytics.core.sets.telling import Tell, part, silent
from dino_analytics.core.sets.tree import mutual_reachability, single_linkage

Float32 = NDArray[np.float32]

NEIGHBOURS = 15
"""Edges of each item in the graph of neighbours."""
MIN_SAMPLES = 2
"""Items, itself included, whose reach is an item's density: 2 leaves fewer pictures over than 3, as right in all."""
AVERAGED = 2
"""Nearest items that are averaged into each before clustering."""
LEAST_SHARE = 0.75
"""Mean cosine to the others of its cluster that an item needs, as a share of that from which pictures are alike."""
_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster: rows of `members` (int64, its core first), `representative` the row of its medoid, `cohesion` the
    mean cosine of its pairs (1 for one member), `nearest` the number of the cluster with the nearest centre or −1,
    `nearest_cosine` of the two centres."""

    members: NDArray[np.int64]
    membership: NDArray[np.float64]
    representative: int
    cohesion: float
    nearest: int
    nearest_cosine: float


def default_min_size(count: int) -> int:
    """Smallest cluster for a set of so many: √n / 10, at least 3 and at most 50."""
    return int(min(50, max(3, round(np.sqrt(count) / 10))))


def cluster_by_density(rows: Float32, min_size: int, alike: float, tell: Tell = silent) -> Labelled:
    """Cluster by density on the graph of nearest neighbours; an item may belong to no cluster.

    HDBSCAN of `tree` and `density`, on vectors that were averaged with their two nearest, weighted by cosine: one step
    of mean shift (Cheng, TPAMI 17, 1995), which sets the views of one object apart from the crowd between objects.
    Measured on rendered objects in docs/sets.md.

    Args:
        rows: float32 (n, d), each of length 1, in an order that does not depend on the caller: ties follow it.
        min_size: smallest cluster.
        alike: cosine from which pictures are alike: a set that does not fall apart is one cluster where its items
            are, and an item far less alike than that belongs to none.
        tell: hears how far it is.
    """
    count = len(rows)
    if count < 2:
        return Labelled(np.full(count, -1), np.zeros(count))
    first = nearest_neighbours(rows, AVERAGED, part(tell, 0.0, 0.45))
    averaged = averaged_with(rows, first)
    graph = nearest_neighbours(averaged, max(NEIGHBOURS, min(min_size, 50)), part(tell, 0.45, 0.9))
    tell(0.9, "building the tree")
    tree = single_linkage(mutual_reachability(graph, MIN_SAMPLES))
    tell(0.95, "choosing clusters")
    whole = float(np.sqrt(max(0.0, 2.0 - 2.0 * alike)))
    return _without_strangers(rows, persistent_clusters(tree, min_size, whole=whole), min_size, LEAST_SHARE * alike)


def _without_strangers(rows: Float32, labelled: Labelled, min_size: int, least: float) -> Labelled:
    """Take out of every cluster the items whose mean cosine to its others is below `least`, and clusters left too
    small: in a tree a lonely item belongs to the nearest cluster however far it is, and averaging draws it nearer."""
    there = np.flatnonzero(labelled.label >= 0)
    if len(there) == 0:
        return labelled
    names, inverse = np.unique(labelled.label[there], return_inverse=True)
    others = np.maximum(np.bincount(inverse) - 1, 1)[inverse]
    totals = sums(rows[there], inverse, len(names))
    mean = (np.einsum("ij,ij->i", rows[there].astype(np.float64), totals[inverse]) - 1.0) / others
    kept = mean >= least
    left = np.bincount(inverse[kept], minlength=len(names))
    kept &= left[inverse] >= min_size
    label, membership = labelled.label.copy(), labelled.membership.copy()
    label[there[~kept]], membership[there[~kept]] = -1, 0.0
    return Labelled(label, membership)


def averaged_with(rows: Float32, neighbours: Neighbours) -> Float32:
    """Rows averaged with their neighbours, weighted by cosine (negative ones not at all), of length 1 again."""
    weight = np.where(neighbours.index >= 0, np.maximum(neighbours.cosine, 0.0), 0.0).astype(np.float32)
    total = rows.copy()
    for column in range(neighbours.index.shape[1]):
        total += weight[:, column, None] * rows[neighbours.index[:, column]]
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def describe_clusters(rows: Float32, labelled: Labelled) -> list[Cluster]:
    """Clusters from large to small, equal ones by their representative's row."""
    numbers = [number for number in np.unique(labelled.label) if number >= 0]
    groups = [np.flatnonzero(labelled.label == number) for number in numbers]
    if not groups:
        return []
    totals = np.stack([rows[members].sum(axis=0, dtype=np.float64) for members in groups])
    lengths = np.linalg.norm(totals, axis=1, keepdims=True)
    centres = totals / np.maximum(lengths, 1e-12)
    between = centres @ centres.T
    np.fill_diagonal(between, -2.0)
    found = []
    for number, members in enumerate(groups):
        size = len(members)
        # The medoid by cosine is the member nearest to the centre.
        to_centre = rows[members].astype(np.float64) @ centres[number]
        representative = int(members[np.lexsort((members, -np.round(to_centre, 6)))[0]])
        pairs = (float(totals[number] @ totals[number]) - size) / (size * (size - 1)) if size > 1 else 1.0
        order = np.lexsort((members, -to_centre, -labelled.membership[members]))
        nearest = int(between[number].argmax()) if len(groups) > 1 else -1
        found.append(
            Cluster(
                members[order],
                labelled.membership[members][order],
                representative,
                min(1.0, max(-1.0, pairs)),
                nearest,
                min(1.0, max(-1.0, float(between[number, nearest]))) if nearest >= 0 else 0.0,
            )
        )
    order = sorted(range(len(found)), key=lambda n: (-len(found[n].members), found[n].representative))
    place = {old: new for new, old in enumerate(order)}
    return [_renumbered(found[old], place) for old in order]


def silhouette(rows: Float32, label: NDArray[np.int64]) -> float | None:
    """Mean silhouette by cosine distance (Rousseeuw, J. Comput. Appl. Math. 20, 1987) of at most 2,000 clustered rows
    at even distances; None for less than two clusters.

    By sums over clusters, so that no matrix of pairs is needed: the mean cosine of a row to a cluster is its product
    with the cluster's sum.
    """
    chosen = np.flatnonzero(label >= 0)
    names, inverse = np.unique(label[chosen], return_inverse=True)
    if len(names) < 2:
        return None
    totals = sums(rows[chosen], inverse, len(names))
    sizes = np.bincount(inverse).astype(np.float64)
    picked = np.unique(np.linspace(0, len(chosen) - 1, min(len(chosen), _SAMPLE)).astype(np.int64))
    own = inverse[picked]
    products = rows[chosen[picked]].astype(np.float64) @ totals.T
    at = np.arange(len(picked))
    inside = 1.0 - (products[at, own] - 1.0) / np.maximum(sizes[own] - 1.0, 1.0)
    distance = 1.0 - products / sizes
    distance[at, own] = np.inf
    outside = distance.min(axis=1)
    value = np.where(sizes[own] > 1, (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12), 0.0)
    return float(min(1.0, max(-1.0, value.mean())))


def sums(rows: Float32, label: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Sum of the rows of each label 0 … count − 1: float64 (count, d)."""
    picks = csr_matrix((np.ones(len(rows)), (label, np.arange(len(rows)))), shape=(count, len(rows)))
    return np.asarray(picks @ rows, dtype=np.float64)


def _renumbered(cluster: Cluster, place: dict[int, int]) -> Cluster:
    nearest = place[cluster.nearest] if cluster.nearest >= 0 else -1
    return Cluster(
        cluster.members,
        cluster.membership,
        cluster.representative,
        cluster.cohesion,
        nearest,
        cluster.nearest_cosine,
    )
