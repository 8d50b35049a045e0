"""Camera motion of a shot, told apart from the motion of its subjects."""

from dino_video.core.camera.meter import CameraMeter, trace_of
from dino_video.core.camera.movement import Movement, MovementType, camera_movement, movement_of
from dino_video.core.camera.pair import PairMotion
from dino_video.core.camera.trace import CameraTrace, joined

__all__ = [
    "CameraMeter",
    "CameraTrace",
    "Movement",
    "MovementType",
    "PairMotion",
    "camera_movement",
    "joined",
    "movement_of",
    "trace_of",
]
