"""The detectors that are measured, each with its own defaults and with settings chosen on the tuning films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from benchmarks.video import packages

from dino_video.core.shots.detectors.interface import DetectorOptions, ShotDetector
from dino_video.core.shots.detectors.learned import LearnedDetector
from dino_video.core.shots.detectors.pyscenedetect import SceneDetectDetector
from dino_video.core.shots.detectors.transnet import TransNetDetector

Make = Callable[[Fraction], ShotDetector]

# What is tried on the tuning films: each detector's threshold, with its usual shortest scene and a shorter one.
GRIDS: dict[str, tuple[str, tuple[float, ...]]] = {
    "content": ("threshold", (18, 27, 38)),
    "adaptive": ("adaptive_threshold", (2, 3, 4.5)),
    "histogram": ("threshold", (0.1, 0.2, 0.35)),
    "hash": ("threshold", (0.25, 0.35, 0.45)),
    "threshold": ("threshold", (6, 12, 24)),
}
SHORTEST = (15, 6)
TRANSNET_GRID = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75)


@dataclass(frozen=True)
class Contestant:
    """A detector under a name, and how one is made for a film of some rate."""

    name: str
    settings: str
    make: Make
    learned: bool = False
    threshold: float = 0.3


def ours() -> Contestant:
    return Contestant("default (ours)", "0.3", _ours, learned=True)


def _ours(rate: Fraction) -> ShotDetector:
    return LearnedDetector(DetectorOptions(rate=rate))


def transnet(threshold: float, settings: str) -> Contestant:
    folder = packages.fetched(packages.TRANSNET)

    def make(rate: Fraction) -> ShotDetector:
        return TransNetDetector(DetectorOptions(threshold, rate), folder)

    return Contestant("TransNetV2", settings, make, learned=True, threshold=threshold)


def scenedetect(name: str, settings: dict[str, Any], label: str) -> Contestant:
    return Contestant(f"PySceneDetect {name}", label, partial(_scenedetect, name, settings))


def _scenedetect(name: str, settings: dict[str, Any], rate: Fraction) -> ShotDetector:
    return SceneDetectDetector(name, DetectorOptions(rate=rate), settings)


def grid() -> dict[str, list[Contestant]]:
    """Return what is tried of each of PySceneDetect's detectors on the tuning films."""
    found: dict[str, list[Contestant]] = {}
    for name, (argument, values) in GRIDS.items():
        found[f"PySceneDetect {name}"] = [
            scenedetect(
                name, {argument: value, "min_scene_len": shortest}, f"{argument} {value:g}, scenes ≥ {shortest}"
            )
            for value in values
            for shortest in SHORTEST
        ]
    return found


def defaults() -> list[Contestant]:
    """Return every detector as its authors set it."""
    return [ours(), *(scenedetect(name, {}, "its defaults") for name in GRIDS), transnet(0.3, "its default, 0.5")]
