"""What the handlers of looks share: pictures with patches, faces where a detector is configured, and threads."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import numpy as np

from dino_analytics.dense import Dense, Looked
from dino_analytics.serving import ServingModel
from dino_common.bus.context import Context
from dino_common.errors import InvalidRequest
from dino_common.look import Face
from dino_common.look.people import FaceDetector, face_detector, hand_detector

P = ParamSpec("P")
T = TypeVar("T")

SMALLEST_SIDE = 32
_MOST_UNEVEN = 40.0


class Eyes:
    """Looks at assets and computes on them, as many at once as there are cores."""

    def __init__(self, dense: Dense, detector: str = "") -> None:
        """Args:
        detector: name of a face detector, empty for none.

        Raises:
            DetectorMissing: it is not installed.
        """
        self._dense = dense
        self.detector = detector or None
        self._faces: FaceDetector | None = face_detector(detector) if detector else None
        self._hands: FaceDetector | None = hand_detector(detector) if detector else None
        self._one_at_a_time = threading.Lock()  # detectors keep state
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="look")

    @property
    def sees_faces(self) -> bool:
        """Whether a detector is configured."""
        return self._faces is not None

    async def look(self, asset_ids: Sequence[str], context: Context) -> tuple[ServingModel, list[Looked]]:
        """Return the pictures in order.

        Raises:
            AssetNotFound: names every missing asset.
            InvalidFileFormat: one is a film.
            InvalidRequest: one is too small or too narrow to be looked at.
            DinoError: of the stores, the bus or inference.
        """
        model, looked = await self._dense.look(asset_ids, context)
        for one in looked:
            height, width = one.picture.shape[:2]
            if min(height, width) < SMALLEST_SIDE or max(height, width) > _MOST_UNEVEN * min(height, width):
                raise InvalidRequest(
                    f"Asset {one.record.asset_id} has {width} × {height} pixels where it is looked at",
                    details=f"A look needs {SMALLEST_SIDE} pixels a side with the longer side scaled to 512.",
                )
        return model, looked

    def faces(self, picture: np.ndarray) -> list[Face] | None:
        """Return the faces of uint8 (h, w, 3), or None where no detector is configured. Call it in a thread."""
        if self._faces is None:
            return None
        with self._one_at_a_time:
            return self._faces(picture)

    def hands(self, picture: np.ndarray) -> list[Face] | None:
        """Return the hands of uint8 (h, w, 3), or None where no detector is configured. Call it in a thread."""
        if self._hands is None:
            return None
        with self._one_at_a_time:
            return self._hands(picture)

    async def work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a computation in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))

    async def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
