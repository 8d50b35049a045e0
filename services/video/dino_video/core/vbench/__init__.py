"""How well a film holds together, by the measures of VBench, with what each frame contributes."""

from dino_video.core.vbench.consistency import background_consistency, background_features, subject_consistency
from dino_video.core.vbench.flickering import temporal_flickering
from dino_video.core.vbench.interpolation import between
from dino_video.core.vbench.smoothness import motion_smoothness
from dino_video.core.vbench.timeline import Measure

__all__ = [
    "Measure",
    "background_consistency",
    "background_features",
    "between",
    "motion_smoothness",
    "subject_consistency",
    "temporal_flickering",
]
