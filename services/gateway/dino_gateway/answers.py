"""Answers: JSON straight from what the bus brought, bytes with their validators, errors in the one envelope."""

from __future__ import annotations

import base64
import math
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from dino_common import problems
from dino_common.contracts import Operation
from dino_common.contracts.base import ErrorBody
from dino_common.errors import DinoError
from dino_gateway.call import Call

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
JSON = "application/json"
CHALLENGE = 'Bearer realm="dinov3-platform"'


def to_json(value: BaseModel | Any) -> bytes:
    """Encode a model, or plain values with NumPy arrays of numbers; NaN and infinity become null."""
    if isinstance(value, BaseModel):
        return value.model_dump_json().encode()
    return orjson.dumps(value, option=_OPTIONS)


def json_answer(value: BaseModel | Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer without validating it against a response model once more."""
    return Response(to_json(value), status, headers, media_type=JSON)


def wants_drawing(operation: Operation, accept: str | None) -> bool:
    """Return whether the answer has a drawing and the client's Accept names PNG, and names JSON no higher."""
    if operation.drawing is None or not accept:
        return False
    weights: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = [piece.strip() for piece in part.split(";")]
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            weights[kind.lower()] = float(quality)
        except ValueError:
            weights[kind.lower()] = 0.0
    png = weights.get("image/png", weights.get("image/*", 0.0))
    return png > 0 and png > weights.get(JSON, weights.get("application/*", 0.0))


def drawn_answer(
    operation: Operation, value: dict[str, Any] | None, status: int, headers: dict[str, str] | None = None
) -> Response | None:
    """Return the drawing of an answer as PNG; None when this answer has none."""
    drawing = (value or {}).get(operation.drawing or "")
    if drawing is None:
        return None
    return Response(base64.b64decode(drawing["data"]), status, headers, media_type=drawing["content_type"])


def etag_matches(if_none_match: str | None, etag: str) -> bool:
    """Return whether a client's If-None-Match names this entity tag (RFC 9110, 13.1.2: weak comparison)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag in (part.strip().removeprefix("W/") for part in if_none_match.split(","))


def binary_answer(answer: dict[str, Any], if_none_match: str | None) -> Response:
    """Return bytes that a service sent: ``{content, media_type, etag?, headers?}``."""
    headers = {"Cache-Control": "private, max-age=3600", **answer.get("headers", {})}
    if tag := answer.get("etag"):
        headers["ETag"] = f'"{tag}"'
        if etag_matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    return Response(answer["content"], 200, headers, media_type=answer["media_type"])


def error_answer(error: DinoError, call: Call, headers: dict[str, str] | None = None) -> Response:
    """Return the documents' error envelope; ``Retry-After`` in whole seconds where a retry makes sense."""
    call.error = error.code.value
    headers = dict(headers or {})
    if error.status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    return json_answer(ErrorBody(error=problems.detail(error, call.request_id)), error.status, headers)
