"""The frames that stand for a shot."""

from dino_video.core.keyframes.candidates import Candidate, Candidates, candidate
from dino_video.core.keyframes.choose import Keyframe, choose_keyframes, keyframe_count
from dino_video.core.keyframes.sharpness import tenengrad

__all__ = ["Candidate", "Candidates", "Keyframe", "candidate", "choose_keyframes", "keyframe_count", "tenengrad"]
