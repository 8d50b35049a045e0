"""SMPTE timecodes (ST 12-1) of frames, drop-frame where the rate asks for it."""

from __future__ import annotations

import math
import re
from fractions import Fraction

_PARTS = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;])(\d{2,})")


def drops(rate: Fraction) -> bool:
    """Whether drop-frame counting keeps timecodes of this rate with the clock: 30000/1001 and its multiples."""
    return rate.denominator == 1001 and round(rate) % 30 == 0


def timecode(frame: int, rate: Fraction, *, drop: bool | None = None) -> str:
    """Return ``HH:MM:SS:FF``, or ``HH:MM:SS;FF`` in drop-frame counting; starts again after 24 hours.

    Drop-frame counting leaves out the first two numbers (four at 59.94) of each minute that ten does not divide,
    so that timecodes stay within a frame or two of the clock.

    Args:
        frame: number from 0.
        rate: frames a second, e.g. 25 or 30000/1001.
        drop: whether to count so; where None, when ``drops(rate)``.

    Raises:
        ValueError: a negative frame, or drop-frame counting at a rate that has none.
    """
    if frame < 0:
        raise ValueError("frames count from 0")
    base = max(1, round(rate))
    drop = drops(rate) if drop is None else drop
    if drop and not drops(rate):
        raise ValueError(f"there is no drop-frame counting at {float(rate):.3f} frames a second")
    if drop:
        left_out = base // 15
        minute, ten = base * 60 - left_out, base * 600 - 9 * left_out
        tens, rest = divmod(frame, ten)
        # The first minute of each ten keeps all its numbers.
        minutes = 0 if rest < base * 60 else 1 + (rest - base * 60) // minute
        frame += left_out * (9 * tens + minutes)
    seconds, frames = divmod(frame, base)
    digits = max(2, len(str(base - 1)))
    mark = ";" if drop else ":"
    return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:0{digits}d}"


def frame_of(code: str, rate: Fraction) -> int:
    """Return the frame number of a timecode; the inverse of ``timecode`` within 24 hours.

    Raises:
        ValueError: not a timecode, a frame that the rate does not have, or a number that drop-frame leaves out.
    """
    found = _PARTS.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} is not a timecode HH:MM:SS:FF")
    hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
    base = max(1, round(rate))
    if frames >= base or hours > 23:
        raise ValueError(f"{code!r} does not exist at {base} frames a second")
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if found[4] == ":":
        return count
    if not drops(rate):
        raise ValueError(f"there is no drop-frame counting at {float(rate):.3f} frames a second")
    left_out = base // 15
    if minutes % 10 and seconds == 0 and frames < left_out:
        raise ValueError(f"{code!r} is left out in drop-frame counting")
    total = hours * 60 + minutes
    return count - left_out * (total - total // 10)


def frame_at(time: Fraction, rate: Fraction) -> int:
    """Return the number of the frame nearest to a time in seconds: containers round times to their own ticks."""
    return math.floor(time * rate + Fraction(1, 2))
