"""What one film may cost: limits that are checked before and while it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from dino_common.errors import DeadlineExceeded, FileTooLarge


@dataclass(frozen=True)
class MediaLimits:
    """Limits of one film.

    Attributes:
        duration_s: seconds of video, declared or decoded.
        pixels: width × height of a coded frame.
        frames: frames, declared or decoded.
        wall_s: seconds of clock time that one decoding pass may take.
    """

    duration_s: float = 4 * 3600.0
    pixels: int = 8192 * 4320
    frames: int = 1_000_000
    wall_s: float = 3 * 3600.0

    def check_pixels(self, width: int, height: int) -> None:
        """Raise FileTooLarge when frames of this size are over the limit."""
        if width * height > self.pixels:
            raise FileTooLarge(f"frames of {width}×{height} exceed the limit of {self.pixels:,} pixels")

    def check_duration(self, seconds: float) -> None:
        """Raise FileTooLarge when the video is longer than the limit."""
        if seconds > self.duration_s:
            raise FileTooLarge(f"a video of {seconds:,.0f} s exceeds the limit of {self.duration_s:,.0f} s")

    def check_frames(self, count: int) -> None:
        """Raise FileTooLarge when the video has more frames than the limit."""
        if count > self.frames:
            raise FileTooLarge(f"a video of {count:,} frames exceeds the limit of {self.frames:,} frames")

    def check_clock(self, began: float) -> None:
        """Raise DeadlineExceeded when a pass that began at ``time.monotonic()`` = began has run too long."""
        if monotonic() - began > self.wall_s:
            raise DeadlineExceeded(f"decoding took longer than {self.wall_s:,.0f} s")
