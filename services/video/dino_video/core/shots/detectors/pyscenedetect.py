"""PySceneDetect's detectors (package scenedetect) behind our interface."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from dino_common.errors import InvalidRequest
from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.shots.boundaries import Boundary
from dino_video.core.shots.detectors.interface import DetectorOptions

# The width that PySceneDetect itself scales frames to before it looks at them.
_PICTURE = Plane("rgb", long_side=256)
_DEFAULT = 0.3


def _scaled(own: float) -> Callable[[float], float]:
    return lambda threshold: own * threshold / _DEFAULT


# Each one's own default at our 0.3. The fade detector's is a darkness: a lower one finds fewer fades.
_OWN: dict[str, tuple[str, str, Callable[[float], float]]] = {
    "content": ("ContentDetector", "threshold", _scaled(27.0)),
    "adaptive": ("AdaptiveDetector", "adaptive_threshold", _scaled(3.0)),
    "histogram": ("HistogramDetector", "threshold", _scaled(0.20)),
    "hash": ("HashDetector", "threshold", _scaled(0.35)),
    "threshold": ("ThresholdDetector", "threshold", lambda threshold: 12.0 * _DEFAULT / threshold),
}
NAMES = tuple(_OWN)


class SceneDetectDetector:
    """One detector of PySceneDetect; it knows of places alone, which are reported as cuts.

    Args:
        name: one of NAMES.
        options: threshold and rate.
        settings: the detector's own arguments, over what follows from the threshold.

    Raises:
        InvalidRequest: the package is not installed.
    """

    def __init__(self, name: str, options: DetectorOptions, settings: dict[str, Any] | None = None) -> None:
        """Make one for one film."""
        try:
            import scenedetect  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise InvalidRequest(
                f"the shot detector {name} needs the package scenedetect, which is not installed",
                details="Install dinov3-platform[detectors], or use the detector default.",
            ) from error
        kind, argument, own = _OWN[name]
        self._timecode = scenedetect.FrameTimecode
        self._detector = getattr(scenedetect, kind)(**({argument: own(options.threshold)} | (settings or {})))
        self._rate = Fraction(options.rate)
        self._threshold = options.threshold
        self._count = 0
        self._found: set[int] = set()

    @property
    def planes(self) -> tuple[Plane, ...]:
        """A picture 256 pixels wide."""
        return (_PICTURE,)

    def take(self, frame: Frame) -> None:
        """Take the next frame."""
        picture = np.ascontiguousarray(frame.planes[_PICTURE][:, :, ::-1])
        self._keep(self._detector.process_frame(self._timecode(self._count, fps=self._rate), picture))
        self._count += 1

    def finish(self) -> list[Boundary]:
        """Return the film's boundaries."""
        if self._count:
            self._keep(self._detector.post_process(self._timecode(self._count - 1, fps=self._rate)))
        places = sorted(place for place in self._found if 0 < place < self._count)
        return [Boundary("cut", place, place, self._threshold) for place in places]

    def _keep(self, cuts: list[Any]) -> None:
        self._found.update(int(cut.frame_num) for cut in cuts)
