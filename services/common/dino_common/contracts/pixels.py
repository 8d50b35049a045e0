"""Pixels as features: what the services ask of the visual model about pictures that are no assets. Of the bus alone."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from .base import Matrix, Request, Response
from .codes import ErrorCode
from .operation import Operation, Service

MOST_PICTURES = 32
MOST_BYTES = 6 * 1024 * 1024
"""Of one request, so that it fits a message."""
SMALLEST_SIDE, LARGEST_SIDE = 16, 1024


def _pictures(value: Any) -> Any:
    shape = getattr(value, "shape", None)
    if shape is None or len(shape) != 4 or shape[3] != 3 or str(value.dtype) != "uint8":
        raise ValueError("pixels are uint8 (pictures, height, width, 3)")
    count, height, width, _ = shape
    if not 1 <= count <= MOST_PICTURES:
        raise ValueError(f"1 to {MOST_PICTURES} pictures a request, got {count}")
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (height, width)):
        raise ValueError(f"sides of {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, got {height} x {width}")
    if value.nbytes > MOST_BYTES:
        raise ValueError(f"at most {MOST_BYTES} bytes of pixels a request, got {value.nbytes}")
    return value


Pixels = Annotated[Any, AfterValidator(_pictures), WithJsonSchema({"type": "string", "format": "binary"})]


class EmbedPixelsRequest(Request):
    """Pictures of one size; each is stretched to the model's input, so that the patches cover all of it."""

    pixels: Pixels = Field(description="uint8 (pictures, height, width, 3), RGB.")
    patches: bool = Field(default=False, description="Send the patch tokens, too.")


class EmbedPixelsResponse(Response):
    """Features in the order asked."""

    model: str
    model_version: str
    dimension: int = Field(ge=1)
    vectors: Matrix = Field(description="float32 (pictures, dimension), each row of length 1.")
    patches: Any = Field(
        default=None,
        description="float16 (pictures, rows, columns, dimension), as the model's norm gives them, or null.",
    )


OPERATIONS = (
    Operation(
        name="embed-pixels",
        service=Service.INFERENCE,
        request=EmbedPixelsRequest,
        response=EmbedPixelsResponse,
        timeout_s=60,
        errors=(ErrorCode.MODEL_NOT_LOADED, ErrorCode.GPU_MEMORY_ERROR),
    ),
)
