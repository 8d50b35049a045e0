"""The course of an object in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def summary(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return frames, times of loss and of finding again, and the mean confidence of a course's items."""
    lost: list[dict[str, Any]] = []
    for before, item in zip([None, *items], items, strict=False):
        if item["state"] == "lost" and (before is None or before["state"] != "lost"):
            lost.append({"start_time": item["time"], "start_frame": item["frame"], "end_time": None, "end_frame": None})
        elif item["state"] == "found":
            lost[-1] |= {"end_time": item["time"], "end_frame": item["frame"]}
    seen = [item["confidence"] for item in items if item["state"] != "lost"]
    return {
        "frames": len(items),
        "seen_frames": len(seen),
        "lost": lost,
        "found_times": [one["end_time"] for one in lost if one["end_time"] is not None],
        "mean_confidence": round(sum(seen) / len(seen), 4) if seen else 0.0,
    }
