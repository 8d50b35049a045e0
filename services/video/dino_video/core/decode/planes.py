"""Small planes of a decoded frame: scaled by the decoder's own scaler, each size derived from the next larger one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from dino_video.core.media.facts import VideoFacts

# Area averaging: no aliasing when a frame shrinks manyfold. Exact rounding: the same bytes on every machine.
_SCALING = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
# Planes up to _SMALL on the long side come from a common first step to about _BETWEEN, which costs less than each
# of them from the full frame. It does not depend on who else subscribed, so neither do a plane's pixels.
_SMALL, _BETWEEN = 320, 640


@dataclass(frozen=True)
class Plane:
    """A size and colour in which a consumer wants each frame.

    Attributes:
        colour: ``gray`` gives [height, width] luma, ``rgb`` gives [height, width, 3], both uint8.
        long_side: pixels of the longer side as shown; the other follows the film's shape. Never enlarged.
        exact: width and height to squeeze into whatever the shape is (``long_side`` is then not used).
    """

    colour: Literal["gray", "rgb"]
    long_side: int = 0
    exact: tuple[int, int] | None = None

    def shown(self, facts: VideoFacts) -> tuple[int, int]:
        """Return width and height of the plane as shown upright."""
        if self.exact is not None:
            return self.exact
        scale = min(1.0, self.long_side / max(facts.width, facts.height))
        return max(1, round(facts.width * scale)), max(1, round(facts.height * scale))


class Scaler:
    """Makes the planes of one film's frames; keeps one prepared scaler for each size."""

    def __init__(self, planes: Iterable[Plane], facts: VideoFacts) -> None:
        """Plan the sizes, largest first."""
        self._turns = facts.rotation // 90
        self._planes: list[tuple[Plane, int, int]] = []
        for plane in dict.fromkeys(planes):
            width, height = plane.shown(facts)
            # Planes are cut from the stored frame and turned afterwards.
            self._planes.append((plane, height, width) if self._turns % 2 else (plane, width, height))
        self._scalers = {plane: VideoReformatter() for plane, _, _ in self._planes}
        self._first = VideoReformatter()
        step = _BETWEEN / max(facts.coded_width, facts.coded_height)
        width, height = (max(2, 2 * round(side * step / 2)) for side in (facts.coded_width, facts.coded_height))
        self._between = (width, height) if step <= 0.75 else None

    def planes(self, frame: VideoFrame) -> dict[Plane, NDArray[np.uint8]]:
        """Return each plane of a frame, upright."""
        between: VideoFrame | None = None
        found = {}
        for plane, width, height in self._planes:
            source = frame
            if self._between is not None and max(width, height) <= _SMALL:
                between = between or self._halfway(frame, *self._between)
                source = between
            found[plane] = self._plane(source, plane, width, height)
        return found

    def _halfway(self, frame: VideoFrame, width: int, height: int) -> VideoFrame:
        layout = "gray" if frame.format.name.startswith("gray") else "yuv420p"
        return self._first.reformat(frame, width, height, layout, interpolation=_SCALING, threads=1)

    def _plane(self, source: VideoFrame, plane: Plane, width: int, height: int) -> NDArray[np.uint8]:
        layout = "gray" if plane.colour == "gray" else "rgb24"
        small = self._scalers[plane].reformat(source, width, height, layout, interpolation=_SCALING, threads=1)
        pixels: NDArray[np.uint8] = np.asarray(small.to_ndarray(), np.uint8)
        return np.ascontiguousarray(np.rot90(pixels, self._turns)) if self._turns else pixels
