"""Asking the image generator over HTTP, within limits of time and size, and of nobody but itself."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import orjson

from dino_analytics.generator.order import Order
from dino_common.errors import DinoError, FileTooLarge, InvalidRequest, ProcessingFailed, ServiceUnavailable
from dino_common.settings import Settings

_PICTURES = ("image/png", "image/jpeg", "image/webp")
_JSON_OVERHEAD = 64 * 1024
_ERROR_BYTES = 4096
_LONGEST_RETRY = 60.0


class Generator:
    """A generator at one address. Redirects are not followed, and pictures come from its own origin alone."""

    def __init__(self, url: str, key: str | None, seconds: float, most_bytes: int) -> None:
        """Args:
        url: asked with POST.
        key: sent as a bearer token.
        seconds: for one picture, from the request to its last byte.
        most_bytes: largest picture.
        """
        self._url = httpx.URL(url)
        self._seconds, self._most = seconds, most_bytes
        # Without a content encoding, so that the bytes that are counted are those that lie in memory.
        headers = {"Accept-Encoding": "identity", "User-Agent": "dinov3-platform"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._client = httpx.AsyncClient(headers=headers, timeout=seconds, follow_redirects=False, trust_env=False)

    @classmethod
    def of(cls, settings: Settings) -> Generator | None:
        """Return the generator of these settings; None where none is configured."""
        if not settings.generator_url:
            return None
        key = settings.generator_api_key
        return cls(
            settings.generator_url,
            key.get_secret_value() if key else None,
            settings.generator_seconds,
            settings.max_file_bytes,
        )

    async def generate(self, order: Order) -> bytes:
        """Return the bytes of the picture that was made; whether they are one is for the caller to see.

        Raises:
            InvalidRequest: the generator refuses the prompt.
            ServiceUnavailable: it is away, too slow, or full.
            FileTooLarge: the picture is larger than an upload may be.
            ProcessingFailed: it answers what docs/generator.md does not allow, or refuses the key.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._generate(order)
        except (TimeoutError, httpx.TimeoutException):
            raise ServiceUnavailable(
                f"The image generator made no picture within {self._seconds:g} seconds",
                details="Raise DINO_GENERATOR_TIMEOUT_SECONDS, or see why it is slow.",
                retry_after=10,
            ) from None
        except httpx.HTTPError as error:
            raise ServiceUnavailable(
                f"The image generator does not answer ({type(error).__name__})",
                details="Start it, or set DINO_GENERATOR_URL to one that runs.",
                retry_after=10,
            ) from error

    async def _generate(self, order: Order) -> bytes:
        headers = {"Idempotency-Key": order.request_id, "Content-Type": "application/json"}
        accept = {"Accept": ", ".join((*_PICTURES, "application/json"))}
        body = orjson.dumps(order.body())
        async with self._ask("POST", self._url, headers | accept, body) as answer:
            kind = _kind(answer)
            if kind in _PICTURES:
                return await self._read(answer, self._most)
            if kind != "application/json":
                raise ProcessingFailed(
                    f"The image generator answered with {kind or 'no content type'}, not with a picture",
                    details="It must answer image/png, image/jpeg, image/webp or application/json.",
                )
            told = await self._read(answer, self._most * 4 // 3 + _JSON_OVERHEAD)
        return await self._told(told)

    async def _told(self, body: bytes) -> bytes:
        try:
            fields = orjson.loads(body)
            image, url = fields.get("image"), fields.get("url")
            if isinstance(image, str):
                data = base64.b64decode(image, validate=True)
                if len(data) > self._most:
                    raise self._too_large()
                return data
        except (ValueError, AttributeError) as error:
            raise ProcessingFailed("The image generator's JSON cannot be read") from error
        if not isinstance(url, str):
            raise ProcessingFailed("The image generator's JSON holds neither image nor url")
        return await self._fetch(url)

    async def _fetch(self, url: str) -> bytes:
        try:
            target = self._url.join(url)
        except httpx.InvalidURL:
            raise ProcessingFailed("The image generator names a picture by an address that is none") from None
        if (target.scheme, target.host, target.port) != (self._url.scheme, self._url.host, self._url.port):
            raise ProcessingFailed(
                "The image generator names a picture on another server, which is not asked",
                details="It must hand out its pictures itself: as bytes, or at its own scheme, host and port.",
            )
        async with self._ask("GET", target, {"Accept": ", ".join(_PICTURES)}, None) as answer:
            if _kind(answer) not in _PICTURES:
                raise ProcessingFailed("The address that the image generator named holds no picture")
            return await self._read(answer, self._most)

    @asynccontextmanager
    async def _ask(
        self, method: str, url: httpx.URL, headers: dict[str, str], body: bytes | None
    ) -> AsyncIterator[httpx.Response]:
        async with self._client.stream(method, url, headers=headers, content=body) as answer:
            if answer.status_code != 200:
                raise await _refusal(answer)
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise ProcessingFailed("The image generator compressed its answer, which it was asked not to do")
            yield answer

    async def _read(self, answer: httpx.Response, most: int) -> bytes:
        declared = answer.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            raise self._too_large()
        chunks, size = [], 0
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > most:
                raise self._too_large()
            chunks.append(chunk)
        return b"".join(chunks)

    def _too_large(self) -> FileTooLarge:
        return FileTooLarge(
            f"The generated picture has more than {self._most >> 20} MB", details="MAX_FILE_SIZE_MB is the limit."
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _kind(answer: httpx.Response) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _refusal(answer: httpx.Response) -> DinoError:
    """Return what an answer other than 200 means."""
    status = answer.status_code
    if status in (400, 422):
        return InvalidRequest(
            f"The image generator refuses the prompt: {await _words(answer)}", details="Word it otherwise."
        )
    if status in (401, 403):
        return ProcessingFailed(
            f"The image generator refuses the key ({status})", details="Check DINO_GENERATOR_API_KEY."
        )
    if status in (429, 502, 503, 504):
        told = answer.headers.get("retry-after", "")
        seconds = min(_LONGEST_RETRY, float(told)) if told.isdigit() else 10.0
        return ServiceUnavailable(f"The image generator is full or down ({status})", retry_after=max(1.0, seconds))
    if answer.is_redirect:
        return ProcessingFailed(
            "The image generator answers with a redirect, which is not followed",
            details="Set DINO_GENERATOR_URL to where it leads, if that is right.",
        )
    return ProcessingFailed(
        f"The image generator answers with status {status}", details="See its log and docs/generator.md."
    )


async def _words(answer: httpx.Response) -> str:
    """Return the first words of an error answer, as one printable line."""
    text = b""
    async for chunk in answer.aiter_raw():
        text += chunk
        if len(text) >= _ERROR_BYTES:
            break
    words = text[:_ERROR_BYTES].decode(errors="replace")
    try:
        fields = orjson.loads(text)
        words = str(fields.get("error") or fields.get("detail") or fields)
    except (orjson.JSONDecodeError, AttributeError):
        pass
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line[:300] or "it says nothing more"
