"""What a handler knows about the request it answers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from dino_common.errors import DeadlineExceeded


@dataclass(slots=True)
class Context:
    """Identity, caller and deadline of one request.

    Attributes:
        deadline: seconds since the epoch after which nobody waits for the answer.
        mirrored: a copy of another version's request, of which nobody waits for the answer.
    """

    request_id: str
    deadline: float
    principal: str = ""
    operation: str = ""
    attributes: dict[str, str | int | float | bool] = field(default_factory=dict)
    mirrored: bool = False

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - time.time())

    def check(self) -> None:
        """Raise DeadlineExceeded once the deadline has passed."""
        if time.time() >= self.deadline:
            raise DeadlineExceeded(f"the deadline of {self.operation or 'the request'} has passed")
