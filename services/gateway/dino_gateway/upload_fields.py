"""The fields beside the file of an upload form: tags and metadata in the ways that clients write them."""

from __future__ import annotations

from typing import Any

import orjson

from dino_common.contracts.assets import UploadRequest
from dino_common.errors import InvalidRequest
from dino_gateway.reading import validate


def read_upload_fields(fields: dict[str, list[str]]) -> UploadRequest:
    """Return the validated fields.

    Args:
        fields: values by name. ``tags`` may be repeated, separated by commas, or a JSON list of texts;
            ``metadata`` is a JSON object.

    Raises:
        InvalidRequest: names the wrong or unknown field.
    """
    values: dict[str, Any] = {}
    for name, texts in fields.items():
        if any("\0" in text for text in (name, *texts)):
            raise InvalidRequest("NUL characters are not accepted")
        if name == "tags":
            values["tags"] = [tag for text in texts for tag in _tags(text)]
        elif len(texts) > 1:
            raise InvalidRequest(f"{name}: given more than once")
        elif name == "metadata":
            values["metadata"] = _object(texts[0])
        else:
            values[name] = texts[0]
    return validate(UploadRequest, values, strict=True)


def _tags(text: str) -> list[Any]:
    stripped = text.strip()
    if stripped.startswith("["):
        try:
            value = orjson.loads(stripped)
        except orjson.JSONDecodeError:
            raise InvalidRequest("tags: not a JSON list") from None
        return value if isinstance(value, list) else [value]
    return [part.strip() for part in stripped.split(",") if part.strip()]


def _object(text: str) -> Any:
    if not text.strip():
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRequest("metadata: not JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest("metadata: not a JSON object")
    return value
