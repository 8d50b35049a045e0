"""Handler of search-by-image: a picture is verified, looked at by inference and looked for by analytics."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from dino_common.contracts import OPERATIONS
from dino_common.contracts.search_by_image import EmbedPictureResponse, SearchByImageRequest
from dino_common.errors import DinoError, InvalidFileFormat, InvalidRequest
from dino_gateway.answers import json_answer
from dino_gateway.backends import Backends
from dino_gateway.call import Call
from dino_gateway.ingest import verify
from dino_gateway.multipart import read_upload
from dino_gateway.reading import validate
from dino_gateway.sniff import MediaType
from dino_gateway.spool import Spool

log = logging.getLogger(__name__)

# Fits a message of the bus with what goes around it; larger files lie in the object store until the answer.
_IN_MESSAGE = 6 * 1024 * 1024


class SearchByImageHandler:
    """Searches with a file of a form; no asset, no features and no object stay behind."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._backends = backends
        self._operation = OPERATIONS["search-by-image"]

    async def search(self, call: Call, fields: None, request: Request) -> Response:
        """Answer ``POST /search-by-image``."""
        settings = self._backends.settings
        async with read_upload(request, settings.max_file_bytes) as form:
            asked = read_search_fields(form.fields)
            file = form.file
            media = await file.finish()
            if media.kind != "image":
                raise InvalidFileFormat(
                    "the file is a film, not a picture", details="Send a JPEG, PNG or WebP, such as one of its frames."
                )
            await verify(media, file.source, file.sha256, file.size, settings.max_pixels)
            embedded = EmbedPictureResponse.model_validate(await self._embedded(call, file, media))
        context = call.context(self._operation)
        vector = [float(number) for number in embedded.vector]
        similar = {"features": vector, "model_version": embedded.model_version, **asked.model_dump()}
        answer = await self._backends.bus.call(OPERATIONS["find-similar"], similar, context)
        return json_answer(answer, self._operation.status)

    async def _embedded(self, call: Call, file: Spool, media: MediaType) -> Any:
        bus, context, operation = self._backends.bus, call.context(self._operation), OPERATIONS["embed-picture"]
        if file.size <= _IN_MESSAGE:
            with file.open() as content:
                return await bus.call(operation, {"data": content.read()}, context)
        key = f"scratch/{uuid.uuid4()}"
        try:
            with file.open() as content:
                await self._backends.objects.put_file(key, content, media.content_type, file.size)
            return await bus.call(operation, {"object_key": key}, context)
        finally:
            try:
                await self._backends.objects.delete(key)
            except DinoError as error:
                log.warning("%s stays in the object store: %s", key, error.message)


def read_search_fields(fields: dict[str, list[str]]) -> SearchByImageRequest:
    """Return the validated fields of the form beside its file.

    Raises:
        InvalidRequest: names the wrong or unknown field.
    """
    values: dict[str, Any] = {}
    for name, texts in fields.items():
        if any("\0" in text for text in (name, *texts)):
            raise InvalidRequest("NUL characters are not accepted")
        if len(texts) > 1:
            raise InvalidRequest(f"{name}: given more than once")
        values[name] = _filters(texts[0]) if name == "filters" else texts[0]
    return validate(SearchByImageRequest, values, strict=False)


def _filters(text: str) -> Any:
    try:
        value = orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError:
        raise InvalidRequest("filters: not JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest("filters: not a JSON object")
    return value
