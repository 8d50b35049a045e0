"""What the resource says about itself: conditions, progress and history. Pure: no I/O."""

from dino_operator.status.build import build, invalid
from dino_operator.status.reading import read_status
from dino_operator.status.sight import find
from dino_operator.status.transitions import transitions

__all__ = ["build", "find", "invalid", "read_status", "transitions"]
