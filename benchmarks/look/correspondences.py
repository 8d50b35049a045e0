"""Correspondences on known warps, and the verdict on meshes: ``python -m benchmarks.look.correspondences``.

PCK@α (Yang and Ramanan, PAMI 35, 2013): share of matches that lie within α of the picture's side of where the warp puts
them, of all mutual matches whose true place is inside the second picture. The verdict is judged on views of meshes, the
same object from another side against another object; its weights are fitted on half of the objects and judged on the
others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks.labelled.meshes import views
from benchmarks.look.features import Patches
from benchmarks.look.results import write
from benchmarks.look.warps import KINDS, SIDE, Warp, warps
from PIL import Image

from dino_analytics.core.look.coherence import SURE, coherence
from dino_analytics.core.look.matching import Matches, mutual, tightened

CACHE = Path(__file__).resolve().parents[2] / "var" / "bench" / "labelled"
GRIDS = ((16, 16), (16, 16))
ALPHAS = (0.02, 0.05, 0.1)


def main() -> None:
    patches = Patches()
    made = warps()
    firsts = patches.of([warp.first for warp in made[:: len(KINDS)]]).repeat(len(KINDS), axis=0)
    seconds = patches.of([warp.second for warp in made])
    shown = views(CACHE, blobs=0, views_each=2)
    pictures = [np.asarray(Image.open(view.path)) for view in shown]
    grids = patches.of(pictures)
    names = [view.name for view in shown]
    write("correspondences", {**warped(made, firsts, seconds), **verdicts(names, grids)})


def warped(made: list[Warp], firsts: np.ndarray, seconds: np.ndarray) -> dict[str, Any]:
    """PCK of each kind of warp, of patches, refined, and of ORB beside them."""
    rows = []
    for kind in KINDS:
        for method in ("patches", "refined", "ORB"):
            errors, counts, inliers = [], [], []
            for warp, first, second in zip(made, firsts, seconds, strict=True):
                if warp.kind != kind:
                    continue
                if method == "ORB":
                    matches = _orb(warp)
                else:
                    matches = mutual(first, second)
                    inliers.append(coherence(matches, GRIDS).fit)
                    if method == "refined":
                        matches, _ = tightened(matches, warp.first, warp.second, GRIDS[1])
                found = _errors(matches, warp)
                errors.append(found)
                counts.append(len(found))
            whole = np.concatenate(errors)
            row: dict[str, Any] = {"warp": kind, "method": method, "matches_a_pair": round(float(np.mean(counts)), 1)}
            row |= {f"pck@{alpha}": round(float((whole <= alpha).mean()), 3) for alpha in ALPHAS}
            row["median_error_px_of_512"] = round(float(np.median(whole)) * SIDE, 1)
            row["inlier_share"] = round(float(np.mean(inliers)), 3) if inliers else None
            rows.append(row)
    return {"pairs_a_warp": len(made) // len(KINDS), "pck": rows}


def _errors(matches: Matches, warp: Warp) -> np.ndarray:
    """Distance to the true place in shares of the side, of matches whose true place is inside."""
    if not len(matches.cosine):
        return np.zeros(0)
    true = cv2.perspectiveTransform((matches.first * SIDE)[None].astype(np.float64), warp.matrix)[0] / SIDE
    inside = ((true >= 0) & (true < 1)).all(axis=1)
    return np.linalg.norm(matches.second - true, axis=1)[inside]


def _orb(warp: Warp) -> Matches:
    """ORB (Rublee et al., ICCV 2011), 500 points, mutual nearest by Hamming distance."""
    orb = cv2.ORB_create(500)
    points, words = zip(
        *(orb.detectAndCompute(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), None) for p in (warp.first, warp.second)),
        strict=True,
    )
    empty = np.zeros((0, 2))
    if words[0] is None or words[1] is None:
        return Matches(empty, empty, np.zeros(0), np.zeros((0, 2), int))
    found = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words[0], words[1])
    first = np.array([points[0][m.queryIdx].pt for m in found]).reshape(-1, 2) / SIDE
    second = np.array([points[1][m.trainIdx].pt for m in found]).reshape(-1, 2) / SIDE
    return Matches(first, second, np.ones(len(found)), np.zeros((len(found), 2), int))


def verdicts(names: list[str], grids: np.ndarray) -> dict[str, Any]:
    """Facts and verdicts of pairs of mesh views: two sides of one object, and of two."""
    objects = sorted(set(names))
    facts, same, held = [], [], []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            alike = names[i] == names[j]
            # As many pairs of two objects as are needed: each view with three others.
            if not alike and (i * 31 + j * 17) % len(names) > 3:
                continue
            matches = mutual(grids[i], grids[j])
            judged = coherence(matches, GRIDS)
            facts.append(
                [
                    len(matches.cosine) / 256,
                    float(np.median(matches.cosine)) if len(matches.cosine) else 0.0,
                    judged.agreement,
                    judged.fit,
                    judged.probability,
                ]
            )
            same.append(alike)
            # An object is either fitted on or judged on; pairs across are judged by their first.
            held.append(objects.index(names[i]) % 2 == 1)
    x, y, test = np.array(facts), np.array(same), np.array(held)
    weights = fit(x[~test, :4], y[~test])
    fitted = 1 / (1 + np.exp(-(x[:, :4] @ weights[:4] + weights[4])))
    rows = []
    for method, score in (
        ("built-in weights, all pairs (half were fitted on)", x[:, 4]),
        ("fitted on half, judged on the other", np.where(test, fitted, np.nan)),
        ("number of matches alone", x[:, 0]),
        ("neighbour agreement alone", x[:, 2]),
    ):
        kept = ~np.isnan(score)
        given = (score[kept] >= SURE) | (score[kept] <= 1 - SURE)
        right = (score[kept] >= 0.5) == y[kept]
        logistic = "weights" in method or "fitted" in method
        rows.append(
            {
                "method": method,
                "same": int(y[kept].sum()),
                "different": int((~y[kept]).sum()),
                "roc_auc": round(auc(score[kept], y[kept]), 3),
                "verdict_given": round(float(given.mean()), 3) if logistic else None,
                "right_where_given": round(float(right[given].mean()), 3) if logistic and given.any() else None,
            }
        )
    return {"fitted_weights": ", ".join(f"{value:.2f}" for value in weights), "verdicts": rows}


def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logistic regression with classes of equal weight and a small ridge; weights of the columns, then the bias."""
    design = np.column_stack([x, np.ones(len(x))])
    balance = np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        ridge = np.diag([0.5] * x.shape[1] + [0.0])
        slope = design.T @ (balance * (p - y)) + ridge @ weights
        bend = (design * (balance * p * (1 - p))[:, None]).T @ design + ridge + 1e-6 * np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return weights


def auc(score: np.ndarray, truth: np.ndarray) -> float:
    """Probability that a true pair scores higher than a false one, ties half."""
    above = score[truth][:, None] - score[~truth][None]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


if __name__ == "__main__":
    main()
