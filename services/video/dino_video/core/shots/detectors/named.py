"""Shot detectors by name."""

from __future__ import annotations

from dino_common.errors import InvalidRequest
from dino_video.core.shots.detectors import pyscenedetect
from dino_video.core.shots.detectors.interface import DetectorOptions, ShotDetector
from dino_video.core.shots.detectors.learned import LearnedDetector

DEFAULT = "default"
TRANSNET = "transnetv2"
NAMES = (DEFAULT, *pyscenedetect.NAMES, TRANSNET)


def detector(name: str = DEFAULT, options: DetectorOptions | None = None) -> ShotDetector:
    """Make a detector for one film.

    Raises:
        InvalidRequest: no detector has this name, its package is not installed, or the threshold is not
            between 0 and 1.
    """
    options = options or DetectorOptions()
    if not 0 < options.threshold < 1:
        raise InvalidRequest(f"shot_detection_threshold must lie between 0 and 1, not at {options.threshold:g}")
    if name == DEFAULT:
        return LearnedDetector(options)
    if name in pyscenedetect.NAMES:
        return pyscenedetect.SceneDetectDetector(name, options)
    if name == TRANSNET:
        from dino_video.core.shots.detectors.transnet import TransNetDetector

        return TransNetDetector(options)
    raise InvalidRequest(f"no shot detector is called {name}; there are {', '.join(NAMES)}")
