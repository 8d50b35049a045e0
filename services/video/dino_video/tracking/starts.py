"""Where objects are in the first frame, as labels of its patches."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dino_common.contracts.tracking import ObjectStart
from dino_common.errors import InvalidRequest
from dino_video.core.media.facts import VideoFacts
from dino_video.core.tracking import box_labels, mask_labels, refine_box_labels
from dino_video.core.tracking.features import Features, Labels
from dino_video.core.tracking.labels import Box

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Start:
    """One object: its box in shares of the frame, or its mask, bool (height, width) of the film as shown."""

    label: str | None
    box: Box | None
    mask: NDArray[np.bool_] | None

    def labels(self, features: Features) -> Labels:
        """How far each patch of the first frame, (rows, columns, d), belongs to the object: 0–1."""
        grid = (features.shape[0], features.shape[1])
        if self.mask is not None:
            return mask_labels(self.mask, grid)
        assert self.box is not None
        covered = box_labels(self.box, grid)
        # A small object still has its patches, also where it lies across their borders.
        covered = np.asarray(covered / covered.max(), np.float32)
        return refine_box_labels(covered, features)


def starts_of(objects: Sequence[ObjectStart], facts: VideoFacts) -> list[Start]:
    """Return the objects of a request.

    Raises:
        InvalidRequest: a box without area or outside the picture, a mask that is no PNG, is empty or of another size.
    """
    found = []
    for number, one in enumerate(objects, start=1):
        mask = None if one.mask is None else _mask(one.mask, number, facts)
        box = None if one.box is None else _box(one.box, number, facts)
        found.append(Start(one.label, box, mask))
    return found


def _box(box: Sequence[float], number: int, facts: VideoFacts) -> Box:
    left, top, width, height = box
    if width < 1 or height < 1:
        raise InvalidRequest(f"objects[{number - 1}].box: width and height must be a pixel or more")
    if left < 0 or top < 0 or left + width > facts.width or top + height > facts.height:
        raise InvalidRequest(
            f"objects[{number - 1}].box lies outside the picture of {facts.width}×{facts.height} pixels"
        )
    return (
        left / facts.width,
        top / facts.height,
        min(1.0, (left + width) / facts.width),
        min(1.0, (top + height) / facts.height),
    )


def _mask(encoded: str, number: int, facts: VideoFacts) -> NDArray[np.bool_]:
    name = f"objects[{number - 1}].mask"
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(f"{name} is not base64") from None
    if data[:8] != _PNG or len(data) < 24:
        raise InvalidRequest(f"{name} is not a PNG")
    # From the header, before anything is decoded: a small file may hold a huge picture.
    width, height = struct.unpack(">II", data[16:24])
    if (width, height) != (facts.width, facts.height):
        raise InvalidRequest(f"{name} has {width}×{height} pixels; the film is shown in {facts.width}×{facts.height}")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise InvalidRequest(f"{name} is a damaged PNG")
    full = 65535 if picture.dtype == np.uint16 else 255
    mask = _set(np.asarray(picture, np.float32) / full)
    if not mask.any():
        raise InvalidRequest(f"{name} is empty: nothing in it is opaque and brighter than half")
    return mask


def _set(picture: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which pixels are opaque and brighter than half; (h, w), or with 3 or 4 channels, 0–1."""
    values = picture if picture.ndim == 3 else picture[..., None]
    bright = (values[..., :3] > 0.5).any(axis=2)
    return np.asarray(bright & (values[..., 3] > 0.5) if values.shape[2] == 4 else bright, np.bool_)
