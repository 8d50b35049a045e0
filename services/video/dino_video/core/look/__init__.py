"""The technical quality of a shot; colours, light, tone, scale and angle are `dino_common.look`."""

from dino_video.core.look.quality import ShotQuality, shot_quality

__all__ = ["ShotQuality", "shot_quality"]
