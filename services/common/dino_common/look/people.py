"""Optional face detectors, by name. Nothing here is needed: without one, faces are simply not known."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dino_common.look.scale import Face

RGB = NDArray[np.uint8]
FaceDetector = Callable[[RGB], list[Face]]


class DetectorMissing(LookupError):
    """A detector was asked for by name that this installation does not have; the message says how to get it."""


def available_detectors() -> list[str]:
    """Names of the detectors that are installed; empty when there are none."""
    return [name for name, module in _MODULES.items() if importlib.util.find_spec(module)]


def face_detector(name: str) -> FaceDetector:
    """A detector by its name; it takes (h, w, 3) uint8 RGB and returns faces in shares of the frame.

    "mediapipe": BlazeFace full range (Bazarevsky et al., 2019) from the wheels that still carry their models
    (0.10.21 and before). Raises DetectorMissing for another name or one that is not installed.
    """
    if name not in _MODULES:
        raise DetectorMissing(f"no face detector is called {name!r}; there are: {', '.join(_MODULES)}")
    if name not in available_detectors():
        raise DetectorMissing(f"the face detector {name!r} is not installed: pip install '{_INSTALL[name]}'")
    return _MAKERS[name]()


def _mediapipe() -> FaceDetector:
    mediapipe: Any = importlib.import_module("mediapipe")
    if not hasattr(mediapipe, "solutions"):
        raise DetectorMissing("this mediapipe has no models in its wheel: pip install 'mediapipe==0.10.21'")
    model = mediapipe.solutions.face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.5)

    def detect(rgb: RGB) -> list[Face]:
        found = model.process(np.ascontiguousarray(rgb)).detections or []
        boxes = [(one.location_data.relative_bounding_box, float(one.score[0])) for one in found]
        return [
            Face(float(b.xmin), float(b.ymin), float(b.xmin + b.width), float(b.ymin + b.height), score)
            for b, score in boxes
        ]

    return detect


def hand_detector(name: str) -> FaceDetector:
    """A detector of hands by the name of its package; as `face_detector`, its boxes are of hands.

    "mediapipe": the palm detector and landmarks of MediaPipe Hands (Zhang et al., 2020); a box is of the landmarks.
    """
    if name not in available_detectors():
        raise DetectorMissing(f"the hand detector {name!r} is not installed: pip install '{_INSTALL.get(name, name)}'")
    mediapipe: Any = importlib.import_module(_MODULES[name])
    if not hasattr(mediapipe, "solutions"):
        raise DetectorMissing("this mediapipe has no models in its wheel: pip install 'mediapipe==0.10.21'")
    model = mediapipe.solutions.hands.Hands(static_image_mode=True, max_num_hands=8, min_detection_confidence=0.5)

    def detect(rgb: RGB) -> list[Face]:
        answer = model.process(np.ascontiguousarray(rgb))
        found = []
        for hand, side in zip(answer.multi_hand_landmarks or [], answer.multi_handedness or [], strict=False):
            x, y = [point.x for point in hand.landmark], [point.y for point in hand.landmark]
            found.append(Face(min(x), min(y), max(x), max(y), float(side.classification[0].score)))
        return found

    return detect


_MODULES = {"mediapipe": "mediapipe"}
_INSTALL = {"mediapipe": "mediapipe==0.10.21"}
_MAKERS: dict[str, Callable[[], FaceDetector]] = {"mediapipe": _mediapipe}
