"""``spec.video``: decoding films."""

from __future__ import annotations

from pydantic import Field

from dino_operator.spec.base import Part, Quantity, part
from dino_operator.spec.workload import Workload


class Scratch(Part):
    """Space for films in work; it goes with the pod."""

    size: Quantity = Field("10Gi", description="Size limit of the scratch volume.")


class Video(Workload):
    """The film service."""

    rules = Workload.rules
    storage: Scratch = part(Scratch, "Space for films in work.")
