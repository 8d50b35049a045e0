"""Whole works on a set, by name: what a thread or a child process runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_analytics.core.sets.clusters import Cluster, cluster_by_density, describe_clusters, silhouette
from dino_analytics.core.sets.copies import candidate_pairs
from dino_analytics.core.sets.flat_map import flat_map
from dino_analytics.core.sets.k_means import cluster_by_number
from dino_analytics.core.sets.neighbours import nearest_neighbours
from dino_analytics.core.sets.spread import coverage, gaps, spread_of
from dino_analytics.core.sets.telling import Tell, part

Rows = NDArray[np.float32]
Work = Callable[[Rows, dict[str, Any], Tell], dict[str, Any]]


def clusters(rows: Rows, options: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Cluster the rows; options `method`, `k`, `min_size`, `alike`.

    Returns `members` and `membership` of each cluster, `representative`, `cohesion`, `nearest`, `nearest_cosine` and
    `around` (up to 8 rows nearest to the core), clusters from large to small, `rest` (rows of none) and `silhouette`.
    """
    working = part(tell, 0.0, 0.95)
    if options["method"] == "kmeans":
        labelled = cluster_by_number(rows, options["k"], working)
    else:
        labelled = cluster_by_density(rows, options["min_size"], options["alike"], working)
    tell(0.95, "describing")
    found = describe_clusters(rows, labelled)
    return {
        **_packed(found),
        "rest": np.flatnonzero(labelled.label < 0),
        "silhouette": silhouette(rows, labelled.label),
    }


def candidates(rows: Rows, options: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Find pairs that may be copies; option `min_cosine`. Returns `pairs` and `cosine`."""
    pairs, cosine = candidate_pairs(rows, options["min_cosine"], tell)
    return {"pairs": pairs, "cosine": cosine}


def patterns(rows: Rows, options: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Look at the rows as a whole; options `neighbours`, `min_size`, `alike`, `seed`.

    Returns `places` (n, 2), `placed`, `label` (n,), the clusters as ``clusters`` does, `near`, `central`,
    `uniqueness`, `representativeness`, `outlier`, `nearest` (n,), `diversity`, `chosen` and `covered`, and `gaps`.
    """
    alike = options["alike"]
    neighbours = nearest_neighbours(rows, options["neighbours"], part(tell, 0.0, 0.25))
    labelled = cluster_by_density(rows, options["min_size"], alike, part(tell, 0.25, 0.65))
    found = describe_clusters(rows, labelled)
    label = np.full(len(rows), -1, np.int64)
    for number, cluster in enumerate(found):
        label[cluster.members] = number
    tell(0.65, "measuring the spread")
    spread = spread_of(rows, neighbours, alike)
    chosen, covered = coverage(rows, alike)
    centres = np.stack([_centre(rows, c) for c in found]) if found else np.zeros((0, rows.shape[1]), np.float32)
    rare = gaps(rows, neighbours, alike, centres)
    places, placed = flat_map(rows, options["seed"], part(tell, 0.7, 1.0))
    nearest = neighbours.cosine[:, 0] if neighbours.index.shape[1] else np.zeros(0, np.float32)
    return {
        **_packed(found),
        "label": label,
        "places": places,
        "placed": placed,
        "near": spread.near,
        "central": spread.central,
        "uniqueness": spread.uniqueness,
        "representativeness": spread.representativeness,
        "outlier": spread.outlier,
        "nearest_cosine_of": nearest,
        "diversity": spread.diversity,
        "chosen": chosen,
        "covered": covered,
        "gaps": [{"members": gap.members, "cluster": gap.cluster, "cosine": gap.cosine} for gap in rare],
    }


def _centre(rows: Rows, cluster: Cluster) -> Rows:
    middle = rows[cluster.members].mean(axis=0)
    return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-12), dtype=np.float32)


def _packed(found: list[Cluster]) -> dict[str, Any]:
    return {
        "members": [cluster.members for cluster in found],
        "membership": [cluster.membership for cluster in found],
        "representative": [cluster.representative for cluster in found],
        "cohesion": [cluster.cohesion for cluster in found],
        "nearest": [cluster.nearest for cluster in found],
        "nearest_cosine": [cluster.nearest_cosine for cluster in found],
    }


WORKS: dict[str, Work] = {"clusters": clusters, "candidates": candidates, "patterns": patterns}
