"""What the pictures of a cluster look like, read from its typical ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import cv2
import numpy as np

from dino_analytics.pictures import Pictures
from dino_common.contracts.clusters import ClusterColour, ClusterLook
from dino_common.errors import DinoError
from dino_common.look import emotional_tone, lighting, palette
from dino_common.stores.assets import AssetRecord

TYPICAL = 4
"""Pictures that a cluster is described by: its representative and those of its core."""
_SIDE = 128
_SURE = 0.3


async def cluster_look(pictures: Pictures, records: Sequence[AssetRecord]) -> ClusterLook | None:
    """Describe pictures together; None when none of them can be read.

    Raises:
        DinoError: the object store is down.
    """

    async def small(record: AssetRecord) -> np.ndarray | None:
        try:
            return await pictures.work(record, _small, at_least=_SIDE)
        except DinoError as error:
            if error.passing:
                raise
            return None

    read = [one for one in await asyncio.gather(*(small(record) for record in records)) if one is not None]
    return await asyncio.to_thread(describe, np.stack(read)) if read else None


def describe(frames: np.ndarray) -> ClusterLook:
    """Describe frames, uint8 (n, h, w, 3), as one."""
    colours, light, tone = palette(frames, 4), lighting(frames), emotional_tone(frames)
    side = light.direction if light.direction_confidence >= _SURE else "unknown"
    words = [f"{light.contrast} light" + ("" if side == "unknown" else f", brighter on the {side}")]
    if light.temperature != "unknown":
        words.append(light.temperature)
    if light.key != "normal" and light.key != "unknown":
        words.append(light.key.replace("_", " "))
    names = list(dict.fromkeys(swatch.name for swatch in colours))[:3]
    text = f"Mostly {_joined(names)}; {', '.join(words)}; {tone.tone} in tone."
    return ClusterLook(
        palette=[ClusterColour(name=s.name, hex=s.hex, share=round(min(1.0, s.share), 3)) for s in colours],
        light=", ".join(words),
        tone=tone.tone,
        text=text,
        pictures=len(frames),
    )


def _joined(names: Sequence[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "colours of small share"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _small(pixels: np.ndarray) -> np.ndarray:
    return cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
