"""Where the scores differ from the reference implementation of VBench, said with every answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dino_video.scoring.findings import COMPARED_SIDE
from dino_video.stretch.look import SIDE

_FEATURES = ("subject_consistency", "background_consistency", "i2v_subject")
_PIXELS = ("temporal_flickering", "motion_smoothness")


def deviations(
    measures: Collection[str], *, model: str | None, sampled_rate: float, film_rate: float, across_cuts: bool
) -> list[dict[str, Any]]:
    """Return what differs for these measures, as fields of Deviation.

    Args:
        measures: that were asked for.
        model: that looked at the frames.
        sampled_rate, film_rate: frames a second that it looked at, and of the film.
        across_cuts: whether frames of different shots were compared.
    """
    found: list[tuple[str, str, str, str, str]] = []
    if "subject_consistency" in measures:
        found.append(
            (
                "subject_consistency",
                "model",
                "class token of DINO ViT-B/16",
                f"features of {model}, centred as its card says",
                "figures of two models must not be compared; centred features spread wider, down to 0",
            )
        )
    if "background_consistency" in measures:
        found.append(
            (
                "background_consistency",
                "features",
                "image features of CLIP ViT-B/32",
                f"mean of all patch features of {model}, each of length 1",
                "shows changes of the scene rather than of what it means; unlike scenes score about 0.4",
            )
        )
    if "i2v_subject" in measures:
        found.append(
            (
                "i2v_subject",
                "model",
                "DINO ViT-B/16",
                f"features of {model}; the reference picture is squeezed to the same square as the frames",
                "figures of two models must not be compared; a reference of another shape than the film scores lower",
            )
        )
    if "temporal_flickering" in measures:
        found.append(
            (
                "temporal_flickering",
                "selection",
                "videos that move are left out first (RAFT)",
                "every film is measured",
                "a film that moves scores lower than a still one",
            )
        )
    if "motion_smoothness" in measures:
        found.append(
            (
                "motion_smoothness",
                "interpolation",
                "the network AMT-S",
                "dense inverse search flow both ways, halved",
                "errs more at the edges of fast things, so they score somewhat lower",
            )
        )
    found += [(name, *_size(name)) for name in (*_FEATURES, *_PIXELS) if name in measures]
    if sampled_rate < film_rate:
        found += [
            (
                name,
                "sampling",
                "every frame",
                f"{sampled_rate:g} of {film_rate:g} frames a second",
                "neighbours lie further apart in time, so motion and change score lower",
            )
            for name in _FEATURES
            if name in measures
        ]
    if not across_cuts:
        found.append(
            (
                "all",
                "cuts",
                "takes a video for one shot",
                "frames of different shots are not compared; each shot has its own first frame",
                "cuts do not lower the score",
            )
        )
    names = ("measure", "aspect", "reference", "here", "effect")
    return [dict(zip(names, one, strict=True)) for one in found]


def _size(name: str) -> tuple[str, str, str, str]:
    if name in _PIXELS:
        return (
            "resolution",
            "full size",
            f"at most {COMPARED_SIDE} pixels on the longer side",
            "noise is averaged away, which scores slightly higher",
        )
    return (
        "resolution",
        "224 pixels on the shorter side, cropped to a square",
        f"the whole frame, squeezed to {SIDE}×{SIDE}, then to the model's input",
        "the rim of the frame counts, too",
    )
