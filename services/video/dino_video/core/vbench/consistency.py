"""Do subject and background stay the same?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dino_video.core.vbench.timeline import Measure


def subject_consistency(features: NDArray[np.floating]) -> Measure:
    """VBench's subject_consistency: s_i = ½·[max(0, cos(f_{i−1}, f_i)) + max(0, cos(f_0, f_i))], mean over i ≥ 1.

    Huang et al., "VBench: comprehensive benchmark suite for video generative models" (CVPR 2024), 4.1.
    Deviations from the reference implementation: it takes the class token of DINO ViT-B/16 at 224 pixels of
    every frame, and averages the videos of a set by the frame; this takes whatever features are given,
    which are those of the deployment's model, so figures of two models must not be compared, and centred
    features (as the built-in model's card asks for) spread wider than raw ones, down to 0 for frames that
    show different things. Frames may be a sample; the reference takes all.
    `features` (n, d), one row a frame, any length but 0; n ≥ 2.
    Raises ValueError for fewer frames, features of length 0 or values that are not finite.
    """
    unit = _unit(features)
    before = np.einsum("nd,nd->n", unit[:-1], unit[1:])
    first = unit[1:] @ unit[0]
    values = 0.5 * (np.maximum(0.0, before) + np.maximum(0.0, first))
    return Measure.of(np.arange(1, len(unit)), np.minimum(values, 1.0))


def background_consistency(features: NDArray[np.floating]) -> Measure:
    """VBench's background_consistency: the formula of `subject_consistency` on features of the background.

    Deviations from the reference implementation: it takes CLIP ViT-B/32 image features of whole frames,
    which look at the scene more than at the subject; without a CLIP model the caller may give
    `background_features` or the mean of all patches. `features` (n, d) as there.
    """
    return subject_consistency(features)


def background_features(patches: NDArray[np.floating], subject: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mean patch feature of the background of each frame: float32 (n, d).

    Patches (n, rows, columns, d) are normalised, then weighted by 1 − `subject` (n, rows, columns), 0–1, as from
    tracking. A frame that the subject fills takes the mean of all its patches. Raises ValueError where the
    grids differ.
    """
    if patches.ndim != 4 or subject.shape != patches.shape[:3]:
        raise ValueError(f"expected patches (n, rows, columns, d) and labels of their grid, got {subject.shape}")
    values = patches.astype(np.float32)
    values /= np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12)
    weight = np.clip(1.0 - subject, 0.0, 1.0).astype(np.float32)
    weight[weight.sum(axis=(1, 2)) < 0.5] = 1.0
    return np.einsum("nrcd,nrc->nd", values, weight) / weight.sum(axis=(1, 2))[:, None]


def _unit(features: NDArray[np.floating]) -> NDArray[np.float64]:
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"expected features (n, d) of two or more frames, got {features.shape}")
    values = features.astype(np.float64)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    if not np.isfinite(length).all() or (length == 0.0).any():
        raise ValueError("features must be finite and have a length")
    return values / length
