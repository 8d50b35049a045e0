"""What one pass over a stretch finds of its frames, block by block, and what of it another worker needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_video.core.decode.frames import Frame
from dino_video.core.decode.planes import Plane
from dino_video.core.shots.signature import HEIGHT, THUMBNAIL, WIDTH
from dino_video.core.vbench.course import PixelCourse
from dino_video.stretch.look import SEEN
from dino_video.stretch.sampling import Sampler

COMPARED_SIDE = 320
COMPARED = Plane("rgb", long_side=COMPARED_SIDE)
"""What flickering and smoothness are measured on."""
_LOOKED_AT, _LONGEST = 8, 250
"""Frames of a block that the model looks at, and frames of a block in all."""
MOST_FRAMES, MOST_LOOKED_AT = 100_000, 10_000
"""Of one answer: timelines of 5 MB, and features that fit into memory."""


@dataclass(frozen=True)
class Wanted:
    """What a request needs of the pass: pixels compared, frames looked at, thumbnails for finding shots."""

    pixels: bool
    features: bool
    shots: bool

    @property
    def planes(self) -> tuple[Plane, ...]:
        """What each frame is decoded as."""
        named = ((self.pixels, COMPARED), (self.features, SEEN), (self.shots, THUMBNAIL))
        return tuple(plane for wanted, plane in named if wanted)


@dataclass
class Block:
    """Frames [first, first + len(times)) of the stretch.

    Attributes:
        times: exact seconds.
        steady: closeness of each to the frame before it; not a number for the stretch's first frame.
        smooth: closeness of frames to their interpolation, by their number in the stretch.
        sampled: numbers of the frames whose ``pixels``, uint8 (n, 320, 320, 3), the model looks at.
        thumbnails: uint8 (n, 27, 48, 3), or none.
        patched: frames that the film's damage left incomplete.
        held: frames that the next block is compared with.
        left_out: time of the frame that there was no more room for; the last block then.
    """

    first: int
    times: list[Fraction] = field(default_factory=list)
    steady: list[float] = field(default_factory=list)
    smooth: list[tuple[int, float]] = field(default_factory=list)
    sampled: list[int] = field(default_factory=list)
    pixels: list[NDArray[np.uint8]] = field(default_factory=list)
    thumbnails: list[NDArray[np.uint8]] = field(default_factory=list)
    patched: int = 0
    held: list[NDArray[np.uint8]] = field(default_factory=list)
    left_out: Fraction | None = None

    @property
    def whole(self) -> bool:
        """Whether it is time for the next one."""
        return len(self.sampled) == _LOOKED_AT or len(self.times) == _LONGEST


@dataclass
class Room:
    """How many more frames one answer holds, in all and of those that the model looks at."""

    frames: int = MOST_FRAMES
    looked_at: int = MOST_LOOKED_AT

    def less(self, frames: int, looked_at: int) -> Room:
        """What is left of it after so many."""
        return Room(self.frames - frames, self.looked_at - looked_at)


def measured(
    frames: Iterator[Frame], wanted: Wanted, sampler: Sampler, course: PixelCourse, first: int, room: Room
) -> Iterator[Block]:
    """Compare and sample frames as they are decoded, number ``first`` and on, as many as there is room for."""
    block, number, looked_at = Block(first), first, 0
    for frame in frames:
        takes = wanted.features and sampler.takes(frame.time)
        looked_at += takes
        if number - first == room.frames or looked_at > room.looked_at:
            block.left_out = frame.time
            break
        block.times.append(frame.time)
        block.patched += frame.damaged
        if wanted.pixels:
            steady, smooth = course.take(frame.planes[COMPARED])
            block.steady.append(math.nan if steady is None else steady)
            if smooth is not None:
                block.smooth.append((number - 1, smooth))
        if takes:
            block.sampled.append(number)
            block.pixels.append(frame.planes[SEEN])
        if wanted.shots:
            block.thumbnails.append(frame.planes[THUMBNAIL])
        number += 1
        if block.whole:
            block.held = list(course.held)
            yield block
            block = Block(number)
    if block.times or block.left_out is not None:
        block.held = list(course.held)
        yield block


@dataclass
class Findings:
    """All that was found so far: numbers a frame, and features of the frames looked at."""

    times: list[Fraction] = field(default_factory=list)
    steady: list[float] = field(default_factory=list)
    smooth: list[tuple[int, float]] = field(default_factory=list)
    sampled: list[int] = field(default_factory=list)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    backgrounds: list[NDArray[np.float32]] = field(default_factory=list)
    patched: int = 0
    held: list[NDArray[np.uint8]] = field(default_factory=list)

    def add(self, block: Block, vectors: Sequence[NDArray], backgrounds: Sequence[NDArray]) -> None:
        """Take a block with the features (d,) of its sampled frames."""
        self.times += block.times
        self.steady += block.steady
        self.smooth += block.smooth
        self.sampled += block.sampled
        self.vectors += [np.asarray(one, np.float32) for one in vectors]
        self.backgrounds += [np.asarray(one, np.float32) for one in backgrounds]
        self.patched += block.patched
        self.held = block.held

    def saved(self, thumbnails: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
        """All of it as plain values and arrays, with the thumbnails of its frames."""
        base = math.lcm(*(time.denominator for time in self.times)) if self.times else 1
        empty = np.zeros((0, HEIGHT, WIDTH, 3), np.uint8)
        return {
            "base": base,
            "ticks": [int(time * base) for time in self.times],
            "steady": np.asarray(self.steady, np.float64),
            "smooth": [list(one) for one in self.smooth],
            "sampled": self.sampled,
            "vectors": _stacked(self.vectors),
            "backgrounds": _stacked(self.backgrounds),
            "patched": self.patched,
            "held": self.held,
            "thumbnails": np.stack(thumbnails) if thumbnails else empty,
        }

    def extend(self, saved: dict[str, Any]) -> None:
        """Add what ``saved`` told of the frames after these."""
        self.times += [Fraction(tick, saved["base"]) for tick in saved["ticks"]]
        self.steady += saved["steady"].tolist()
        self.smooth += [(int(number), float(value)) for number, value in saved["smooth"]]
        self.sampled += saved["sampled"]
        self.vectors += list(saved["vectors"])
        self.backgrounds += list(saved["backgrounds"])
        self.patched += int(saved["patched"])
        self.held = list(saved["held"])


def _stacked(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)
