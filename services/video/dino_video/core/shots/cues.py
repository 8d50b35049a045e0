"""Black frames and stretches that look like credits: text in rows over a plain ground."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane

_PICTURE = Plane("gray", long_side=240)

# A frame is black when this share of it is darker than _BLACK of 255 (16 is black in broadcast levels).
_BLACK, _BLACK_SHARE = 26, 0.995
# A row belongs to text when this share of its pixels are strokes: much brighter or darker than the ground.
_STROKE, _ROW_SHARE = 50, 0.02
_GROUND_SHARE = 0.6
_LINES = 3
_CREDITS_SECONDS = 2.0
_MARGIN_SECONDS = 0.5


@dataclass(frozen=True)
class Stretch:
    """Frames [first, last] of one kind; confidence 0–1 is the share of frames in it that look so."""

    first: int
    last: int
    confidence: float


@dataclass(frozen=True)
class Cues:
    """What was seen: runs of black frames, and stretches that look like credits or title cards."""

    black: tuple[Stretch, ...]
    credits: tuple[Stretch, ...]


class CueMeter:
    """Looks at each frame of a film; keeps two numbers a frame.

    Args:
        rate: frames a second.
    """

    def __init__(self, rate: float) -> None:
        """Start before the first frame."""
        self._rate = rate
        self._black: list[bool] = []
        self._text: list[bool] = []

    @property
    def planes(self) -> tuple[Plane, ...]:
        """A grey picture, 240 pixels on its long side."""
        return (_PICTURE,)

    def take(self, frame: Frame) -> None:
        """Look at the next frame."""
        picture = frame.planes[_PICTURE]
        self._black.append(is_black(picture))
        self._text.append(looks_like_text(picture))

    def flags(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return, for each frame so far, whether it is black and whether it looks like text: bool (frames,)."""
        return np.array(self._black, np.bool_), np.array(self._text, np.bool_)

    def finish(self) -> Cues:
        """Return what was seen in the whole film."""
        return cues_of(*self.flags(), self._rate)


def cues_of(black: NDArray[np.bool_], text: NDArray[np.bool_], rate: float) -> Cues:
    """Return the stretches that flags of single frames, as ``CueMeter.flags`` gives them, make up.

    Args:
        black, text: bool (frames,), also joined from several chunks.
        rate: frames a second.
    """
    least = max(2, round(_CREDITS_SECONDS * rate))
    found = []
    for first, last in _runs(text.tolist(), round(_MARGIN_SECONDS * rate)):
        share = float(np.mean(text[first : last + 1]))
        if last - first + 1 >= least and share >= 0.6:
            found.append(Stretch(first, last, round(share, 3)))
    return Cues(tuple(Stretch(first, last, 1.0) for first, last in _runs(black.tolist(), 0)), tuple(found))


def is_black(picture: NDArray[np.uint8]) -> bool:
    """Whether a grey picture [height, width] shows nothing but black."""
    return float((picture < _BLACK).mean()) >= _BLACK_SHARE


def looks_like_text(picture: NDArray[np.uint8]) -> bool:
    """Whether a grey picture [height, width] shows rows of strokes over a plain ground.

    The ground is the commonest brightness and fills most of the picture; strokes differ much from it; rows with
    strokes come in several bands with plain rows between them, as lines of text do and hardly anything else.
    """
    counts = np.bincount(picture.ravel(), minlength=256)
    near = np.convolve(counts, np.ones(17), mode="same")
    ground = int(np.argmax(near))
    if near[ground] < _GROUND_SHARE * picture.size:
        return False
    strokes = np.abs(picture.astype(np.int16) - ground) > _STROKE
    share = strokes.mean()
    if not 0.004 <= share <= 0.3:
        return False
    rows = strokes.mean(axis=1) > _ROW_SHARE
    # Between lines there is next to nothing, unlike between stars or lit windows.
    if strokes[~rows].sum() > 0.08 * strokes.sum():
        return False
    bands = _runs(rows.tolist(), 0)
    heights = [last - first + 1 for first, last in bands]
    # Lines of text are low, and many strokes stand side by side in each of them.
    low = [height for height in heights if height <= picture.shape[0] * 0.15]
    if len(low) < _LINES or len(low) < 0.7 * len(heights):
        return False
    changes = np.abs(np.diff(strokes.astype(np.int8), axis=1)).sum(axis=1)
    return float(np.median(changes[rows])) >= 6


def _runs(flags: list[bool], gap: int) -> list[tuple[int, int]]:
    """Return [first, last] of runs of True; runs with at most ``gap`` others between them are one."""
    found: deque[tuple[int, int]] = deque()
    for place in np.flatnonzero(flags).tolist():
        if found and place - found[-1][1] <= gap + 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return list(found)
