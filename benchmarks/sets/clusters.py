"""Clusters of rendered objects seen from six sides each: adjusted Rand index beside scikit-learn's methods."""

from __future__ import annotations

import numpy as np
from benchmarks.sets.made import real
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score

from dino_analytics.core.sets.clusters import cluster_by_density, default_min_size
from dino_analytics.core.sets.k_means import cluster_by_number


def judged(label: np.ndarray, truth: np.ndarray) -> dict:
    """Adjusted Rand index with every unclustered picture as a cluster of its own, and of the clustered ones alone."""
    alone = label.copy()
    alone[label < 0] = label.max() + 1 + np.arange((label < 0).sum())
    inside = label >= 0
    return {
        "ari": round(float(adjusted_rand_score(truth, alone)), 3),
        "ari_of_clustered": round(float(adjusted_rand_score(truth[inside], label[inside])), 3)
        if inside.any()
        else None,
        "clusters": len(set(label[inside].tolist())),
        "unclustered": round(float((~inside).mean()), 3),
    }


def measure() -> dict:
    card, samples, vectors = real()
    assert card.thresholds is not None
    meshes = np.array([item.group == "mesh" for item in samples])
    found: dict[str, dict] = {}
    for name, chosen in (("rendered objects", meshes), ("with photographs", np.ones_like(meshes))):
        rows = vectors[chosen]
        subjects = [item.subject for item, there in zip(samples, chosen, strict=True) if there]
        truth = np.unique(subjects, return_inverse=True)[1]
        size, count = default_min_size(len(rows)), len(set(subjects))
        by_link = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=0.3)
        by_leaves = HDBSCAN(size, cluster_selection_method="leaf", copy=True)
        methods = {
            "ours, density": cluster_by_density(rows, size, card.thresholds.similarity).label,
            "HDBSCAN of scikit-learn, excess of mass": HDBSCAN(size, copy=True).fit_predict(rows),
            "HDBSCAN of scikit-learn, leaves": by_leaves.fit_predict(rows),
            "average linkage, cosine 0.7": by_link.fit_predict(rows),
            "ours, kmeans, chosen k": cluster_by_number(rows, None).label,
            "ours, kmeans, true k": cluster_by_number(rows, count).label,
            "k-means of scikit-learn, true k": KMeans(count, n_init=3, random_state=0).fit_predict(rows),
        }
        found[name] = {
            "pictures": len(rows),
            "subjects": count,
            "methods": {method: judged(np.asarray(label), truth) for method, label in methods.items()},
        }
    return found
