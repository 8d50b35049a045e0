"""The look of pictures: colours, light, tone, shot scale and camera angle. Needs OpenCV, which few services have."""

from dino_common.look.angle import Angle, CameraAngle, camera_angle
from dino_common.look.colour_names import COLOURS, colour_name
from dino_common.look.lighting import Lighting, lighting
from dino_common.look.lines import Lines, lines
from dino_common.look.palette import Swatch, palette, to_lab
from dino_common.look.scale import Body, Face, Scale, ShotScale, shot_scale
from dino_common.look.tone import EmotionalTone, Tone, emotional_tone

__all__ = [
    "COLOURS",
    "Angle",
    "Body",
    "CameraAngle",
    "EmotionalTone",
    "Face",
    "Lighting",
    "Lines",
    "Scale",
    "ShotScale",
    "Swatch",
    "Tone",
    "camera_angle",
    "colour_name",
    "emotional_tone",
    "lighting",
    "lines",
    "palette",
    "shot_scale",
    "to_lab",
]
