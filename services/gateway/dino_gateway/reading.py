"""Reading a request into its operation's model, refusing everything that the model does not name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from dino_common.contracts import Body, Operation
from dino_common.errors import DeadlineExceeded, FileTooLarge, InvalidRequest
from dino_common.validation import explain

MAX_JSON_BYTES = 10 * 1024 * 1024
_IDLE_SECONDS = 30.0
# A body that drips in holds a place among the requests in work: beyond the first half minute it must keep this pace.
_SLOWEST_BYTES_PER_SECOND = 8 * 1024
_BATCH_FIELDS = ("asset_ids", "candidate_asset_ids")
_NO_BODY = frozenset({"GET", "DELETE", "HEAD"})


def read_query(request: Request) -> dict[str, str]:
    """Return the query's fields.

    Raises:
        InvalidRequest: a field comes twice or holds a NUL character.
    """
    raw = request.scope["query_string"]
    if not raw:
        return {}
    fields: dict[str, str] = {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise InvalidRequest("the query has more than 100 fields") from error
    for name, value in pairs:
        if name in fields:
            raise InvalidRequest(f"{name}: given more than once")
        _refuse_nul(name, value)
        fields[name] = value
    return fields


def _refuse_nul(name: str, value: str) -> None:
    if "\0" in value or "\0" in name:
        raise InvalidRequest("NUL characters are not accepted")


async def read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body; an empty body is an empty object.

    Raises:
        InvalidRequest: not declared as JSON, not JSON, NaN or infinite, or not an object.
        FileTooLarge: more than 10 MB.
    """
    body = await read_body(request, MAX_JSON_BYTES)
    if not body:
        return {}
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json" and not declared.endswith("+json"):
        raise InvalidRequest(
            f"the body is declared as {declared or 'nothing'}, not as JSON",
            details="Send the header Content-Type: application/json.",
        )
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"the body is not JSON: {error}", details="Send a JSON object in UTF-8.") from None
    if not isinstance(value, dict):
        raise InvalidRequest("the body is not a JSON object")
    if b"\\u0000" in body:
        raise InvalidRequest("NUL characters are not accepted")
    return value


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body; FileTooLarge beyond ``limit`` bytes, before reading when its length is declared."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in body_chunks(request):
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def body_chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives.

    Raises:
        InvalidRequest: the client went away before its end.
        DeadlineExceeded: nothing came for half a minute, or it comes more slowly than 8 KB a second.
    """
    chunks = request.stream()
    began, seen = time.monotonic(), 0
    while True:
        if time.monotonic() - began > _IDLE_SECONDS + seen / _SLOWEST_BYTES_PER_SECOND:
            raise DeadlineExceeded(f"the body comes more slowly than {_SLOWEST_BYTES_PER_SECOND >> 10} KB a second")
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                chunk = await anext(chunks, None)
        except ClientDisconnect:
            raise InvalidRequest("the connection ended before the body did") from None
        except TimeoutError:
            raise DeadlineExceeded(f"no byte of the body came for {_IDLE_SECONDS:.0f} seconds") from None
        if chunk is None:
            return
        seen += len(chunk)
        yield chunk


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(f"the body has more than {limit >> 20} MB", details="Send fewer items at a time.")


async def read_request(operation: Operation, request: Request, query: Mapping[str, str], max_batch: int) -> BaseModel:
    """Return the operation's validated request.

    Args:
        operation: what is asked.
        request: path fields and body are taken from here.
        query: its query without what belongs to the gateway itself, such as ``wait``.
        max_batch: most ids in a list of assets.
    """
    path = request.path_params
    if request.method in _NO_BODY or operation.takes is not Body.JSON:
        return validate(operation.request, {**query, **path}, strict=False)
    if query:
        raise InvalidRequest(f"{next(iter(query))}: not a query field of this operation; send it in the body")
    fields = await read_json(request)
    if clash := sorted(set(path) & set(fields)):
        raise InvalidRequest(f"{clash[0]}: belongs in the path, not in the body")
    fields |= path
    refuse_long_batches(fields, max_batch)
    return validate(operation.request, fields, strict=True)


def refuse_long_batches(fields: Mapping[str, Any], max_batch: int) -> None:
    """Raise InvalidRequest for a list of more assets than a request may name."""
    for name in _BATCH_FIELDS:
        value = fields.get(name)
        if isinstance(value, list) and len(value) > max_batch:
            raise InvalidRequest(
                f"{name}: {len(value)} assets; a request may name {max_batch}",
                details=f"Send at most {max_batch} ids at a time (MAX_BATCH_SIZE).",
            )


def validate(model: type[BaseModel], fields: Mapping[str, Any], *, strict: bool) -> Any:
    """Return the model of the fields.

    Args:
        model: the request model.
        fields: plain JSON values, or texts of a query or path.
        strict: JSON has types of its own, so that "5" is no number; in a query everything is text.

    Raises:
        InvalidRequest: names each wrong field.
    """
    try:
        if strict:
            return model.model_validate_json(orjson.dumps(fields), strict=True)
        return model.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from None
    except orjson.JSONEncodeError:
        raise InvalidRequest("the fields are nested too deeply") from None
