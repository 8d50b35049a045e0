"""What the image generator is asked, as docs/generator.md describes it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """The master reference as it is sent: an encoded picture and its pixels."""

    data: bytes
    content_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to be made.

    Attributes:
        request_id: the same when the same picture is asked for again.
        previous: of each picture that was sent back: attempt, seed, scores, thresholds, reasons.
    """

    request_id: str
    prompt: str
    character: str
    description: str | None
    reference: Reference
    width: int
    height: int
    seed: int
    attempt: int
    max_attempts: int
    previous: list[dict[str, Any]] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object."""
        return {
            "version": PROTOCOL,
            "request_id": self.request_id,
            "prompt": self.prompt,
            "character": {"name": self.character, "description": self.description},
            "reference": {
                "content_type": self.reference.content_type,
                "width": self.reference.width,
                "height": self.reference.height,
                "data": base64.b64encode(self.reference.data).decode(),
            },
            "width": self.width,
            "height": self.height,
            "seed": self.seed,
            "attempt": self.attempt,
            "max_attempts": self.max_attempts,
            "previous": self.previous,
        }
