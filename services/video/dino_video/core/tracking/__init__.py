"""Following an object through frames by the features of its patches."""

from dino_video.core.tracking.labels import box_labels, labels_box, mask_labels, patch_mask, refine_box_labels
from dino_video.core.tracking.propagation import LabelPropagator, Propagation, propagate
from dino_video.core.tracking.tracker import ObjectTracker, TrackedFrame, TrackState, track

__all__ = [
    "LabelPropagator",
    "ObjectTracker",
    "Propagation",
    "TrackState",
    "TrackedFrame",
    "box_labels",
    "labels_box",
    "mask_labels",
    "patch_mask",
    "propagate",
    "refine_box_labels",
    "track",
]
