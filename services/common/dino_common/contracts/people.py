"""Faces, bodies and hands of pictures: what the services ask of the people detector. Of the bus alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Request, Response, Unit
from .operation import Operation, Service
from .pixels import Pixels

Facing = Literal["camera", "left", "right", "away", "unknown"]
Posture = Literal["standing", "sitting", "lying", "unknown"]


class FindPeopleRequest(Request):
    """Pictures of one size, their aspect as it is shown."""

    pixels: Pixels | None = Field(
        default=None,
        description="uint8 (pictures, height, width, 3), RGB. Left out: who would look is asked.",
    )
    bodies: Literal["always", "without_face", "never"] = Field(
        default="always", description="Whether bodies are looked for, or only in pictures where no face is found."
    )
    hands: bool = Field(default=False, description="Look for hands, too.")


class PersonBox(Response):
    """A box in shares of the picture's sides; boxes may reach beyond the picture."""

    left: float
    top: float
    right: float
    bottom: float
    score: Unit = Field(description="How sure it is that it is there.")


class FaceFound(PersonBox):
    """A face, from the brow to the chin."""

    facing: Facing = Field(description="Where it is turned to, in the picture's sides.")


class BodyFound(PersonBox):
    """A body; the box is around the points of it that are seen."""

    height: float = Field(ge=0, description="Of the body if it stood upright, in heights of the picture.")
    lowest: Literal["head", "shoulders", "hips", "knees", "ankles"] = Field(description="Lowest part that is seen.")
    posture: Posture
    facing: Facing


class PeopleFound(Response):
    """What one picture has, the surest first."""

    faces: list[FaceFound]
    bodies: list[BodyFound] | None = Field(description="Null where they were not looked for.")
    hands: list[PersonBox] | None = Field(description="Null where they were not looked for.")


class FindPeopleResponse(Response):
    """Findings in the order asked; none, with the reason, where there is no detector."""

    detector: str | None = Field(description="Who looked; null where nobody can.")
    reason: str | None = Field(description="Why nobody can, and what to do about it.")
    pictures: list[PeopleFound]


OPERATIONS = (
    Operation(
        name="find-people",
        service=Service.INFERENCE,
        request=FindPeopleRequest,
        response=FindPeopleResponse,
        timeout_s=60,
    ),
)
