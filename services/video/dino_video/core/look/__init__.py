"""The look of a shot: colours, light, tone, scale, angle and technical quality."""

from dino_video.core.look.angle import Angle, CameraAngle, camera_angle
from dino_video.core.look.lighting import Lighting, lighting
from dino_video.core.look.palette import Swatch, palette
from dino_video.core.look.people import DetectorMissing, available_detectors, face_detector
from dino_video.core.look.quality import ShotQuality, shot_quality
from dino_video.core.look.scale import Face, Scale, ShotScale, shot_scale
from dino_video.core.look.tone import EmotionalTone, Tone, emotional_tone

__all__ = [
    "Angle",
    "CameraAngle",
    "DetectorMissing",
    "EmotionalTone",
    "Face",
    "Lighting",
    "Scale",
    "ShotQuality",
    "ShotScale",
    "Swatch",
    "Tone",
    "available_detectors",
    "camera_angle",
    "emotional_tone",
    "face_detector",
    "lighting",
    "palette",
    "shot_quality",
    "shot_scale",
]
