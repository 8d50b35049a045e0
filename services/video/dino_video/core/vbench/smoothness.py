"""Is motion smooth?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from dino_video.core.vbench.flickering import closeness
from dino_video.core.vbench.interpolation import between
from dino_video.core.vbench.timeline import Measure

Frame = NDArray[np.uint8]


def motion_smoothness(frames: Iterable[Frame], interpolate: Callable[[Frame, Frame], Frame] = between) -> Measure:
    """VBench's motion_smoothness: every odd frame is dropped and interpolated back from its neighbours;
    (255 − mean absolute error)/255, mean over the odd frames.

    Huang et al., "VBench" (CVPR 2024). The values stand at the odd frames.
    Deviations from the reference implementation: it interpolates with the network AMT-S, this by optical flow
    (`interpolation.between`), which errs more at edges of moving things and so scores somewhat lower
    where they move fast; it takes frames at full size, here they are the caller's. Another interpolation may
    be given.
    `frames` uint8 of one shape, three or more; only three are held at a time.
    """
    numbers: list[int] = []
    values: list[float] = []
    held: list[Frame] = []
    for number, frame in enumerate(frames):
        held.append(frame)
        if number % 2 == 0 and len(held) == 3:
            before, true, after = held
            numbers.append(number - 1)
            values.append(closeness(interpolate(before, after), true))
            held = [after]
    return Measure.of(numbers, values)
