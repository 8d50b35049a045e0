"""Frames counted as they are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from dino_common.metrics import video_metrics

Item = TypeVar("Item")
_AT_ONCE = 25


def counted(frames: Iterator[Item], operation: str) -> Iterator[Item]:
    """Yield every frame, and count it for the operation; those of a stretch that is left early, too."""
    seen = 0
    try:
        for frame in frames:
            seen += 1
            if seen == _AT_ONCE:
                video_metrics().decoded(operation, seen)
                seen = 0
            yield frame
    finally:
        video_metrics().decoded(operation, seen)
