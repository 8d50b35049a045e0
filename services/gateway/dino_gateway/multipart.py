"""Reading a multipart form as it arrives: one file and a few short fields (RFC 7578)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from dino_common.errors import InvalidRequest
from dino_gateway.reading import body_chunks
from dino_gateway.spool import Spool, too_large

_MOST_FIELDS = 120
_LONGEST_FIELDS = 128 * 1024
# Boundaries, part headers and fields beside the file.
_OVERHEAD = 512 * 1024


@dataclass(slots=True)
class UploadForm:
    """What a form held: ``filename`` as sent, and the values of every other field in order."""

    file: Spool
    filename: str
    fields: dict[str, list[str]]


@dataclass(slots=True)
class _Part:
    name: str = ""
    filename: str | None = None
    text: bytearray = field(default_factory=bytearray)


class _Events:
    """Collects what the parser finds in a chunk, since its callbacks cannot wait."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Any]] = []
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": lambda: self.found.append(("begin", dict(self._headers))),
            "on_part_data": lambda data, start, end: self.found.append(("data", data[start:end])),
            "on_part_end": lambda: self.found.append(("end", None)),
            "on_end": lambda: self.found.append(("finished", None)),
        }

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()


@asynccontextmanager
async def read_upload(request: Request, limit: int) -> AsyncIterator[UploadForm]:
    """Read the form and give it to the block; its temporary file is gone after that.

    Args:
        request: its body must be multipart/form-data with exactly one file, named ``file``.
        limit: most bytes of the file.

    Raises:
        InvalidRequest: no such form.
        FileTooLarge: the file, or the declared length of the whole body, is over the limit.
        InvalidFileFormat: the file's first bytes are of no accepted type.
    """
    reader = _Reader(request, limit)
    try:
        yield await reader.read()
    finally:
        reader.file.close()


class _Reader:
    def __init__(self, request: Request, limit: int) -> None:
        self._request, self._limit = request, limit
        self.file = Spool(limit)
        self._filename: str | None = None
        self._fields: dict[str, list[str]] = {}
        self._part: _Part | None = None
        self._taken = 0
        self._finished = False

    async def read(self) -> UploadForm:
        boundary = self._boundary()
        declared = self._request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._limit + _OVERHEAD:
            raise too_large(self._limit)
        events = _Events()
        seen = 0
        try:
            parser = MultipartParser(boundary, events.callbacks())  # type: ignore[arg-type]
            async for chunk in body_chunks(self._request):
                seen += len(chunk)
                if seen > self._limit + _OVERHEAD:
                    raise too_large(self._limit)
                parser.write(chunk)
                for kind, value in events.found:
                    await self._take(kind, value)
                events.found.clear()
        except FormParserError as error:
            raise InvalidRequest(f"the form cannot be read: {error}") from None
        if not self._finished:
            raise InvalidRequest("the form ends before its closing boundary")
        if self._filename is None:
            raise InvalidRequest("file: missing", details="Send the file as the form field named file.")
        return UploadForm(self.file, self._filename, self._fields)

    def _boundary(self) -> bytes:
        kind, options = parse_options_header(self._request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise InvalidRequest(
                "the body is not a multipart form",
                details="Send multipart/form-data with a boundary and the file in the field named file.",
            )
        return boundary

    async def _take(self, kind: str, value: Any) -> None:
        if kind == "begin":
            self._part = self._begin(value)
        elif kind == "data" and self._part is not None:
            if self._part.filename is not None:
                await self.file.write(value)
            else:
                self._taken += len(value)
                if self._taken > _LONGEST_FIELDS:
                    raise InvalidRequest(f"{self._part.name}: the form's fields are too long")
                self._part.text += value
        elif kind == "end" and self._part is not None:
            if self._part.filename is None:
                self._fields.setdefault(self._part.name, []).append(_text(self._part))
            self._part = None
        elif kind == "finished":
            self._finished = True

    def _begin(self, headers: dict[bytes, bytes]) -> _Part:
        _, options = parse_options_header(headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        is_file = filename is not None or name == "file"
        if not is_file:
            if sum(map(len, self._fields.values())) >= _MOST_FIELDS:
                raise InvalidRequest(f"the form has more than {_MOST_FIELDS} fields")
            return _Part(name)
        if name != "file":
            raise InvalidRequest(f"{name or 'unnamed field'}: the file belongs in the field named file")
        if self._filename is not None:
            raise InvalidRequest("file: more than one file; send each in a request of its own")
        self._filename = (filename or b"").decode("utf-8", "replace")
        return _Part(name, self._filename)


def _text(part: _Part) -> str:
    try:
        return part.text.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{part.name}: not UTF-8 text") from None
