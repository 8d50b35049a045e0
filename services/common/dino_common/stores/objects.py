"""The object store: S3, R2 or anything with their API. Blocking calls run in threads of this store's own."""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from dino_common.errors import AssetNotFound, DinoError, FileTooLarge, ServiceUnavailable
from dino_common.metrics import store_metrics
from dino_common.settings import Settings
from dino_common.stores.object_client import CONNECT_SECONDS, READ_SECONDS, open_client
from dino_common.stores.object_errors import translated
from dino_common.stores.object_reads import ObjectReader
from dino_common.stores.object_stream import ObjectStream

log = logging.getLogger(__name__)

_PING_SECONDS = 3.0
_READERS, _WRITERS = 16, 8
# One part at a time in the caller's thread: a large upload takes one thread and 8 MB, however long it is.
_PART = 8 * 1024 * 1024
_TRANSFER = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, use_threads=False)

T = TypeVar("T")


def object_key(sha256: str, ext: str) -> str:
    """Return the key of a content: ``media/<first two digits>/<sha256>.<ext>``."""
    return f"media/{sha256[:2]}/{sha256}.{ext.lstrip('.').lower()}"


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """Facts of a stored object; size in bytes."""

    size: int
    content_type: str
    etag: str
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object as a listing names it; size in bytes."""

    key: str
    size: int
    last_modified: datetime


class _LeftOpen(io.RawIOBase):
    """A file that boto3 reads and may close without closing the caller's."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class Objects:
    """One bucket. Every method raises ServiceUnavailable while the store does not answer or refuses the keys."""

    def __init__(self, settings: Settings) -> None:
        """Make the client; nothing is asked yet.

        Raises:
            ServiceUnavailable: there are no credentials; the message names the variables to set.
        """
        self.bucket = settings.s3_bucket
        self._public = settings.s3_public_url.rstrip("/") if settings.s3_public_url else None
        self._presigned_seconds = settings.presigned_url_seconds
        client = open_client(settings, connections=_READERS + _WRITERS)
        self._client, self.host = client.boto, client.host
        self._reader = ObjectReader(
            client.endpoint,
            self.bucket,
            client.credentials,
            client.region,
            connections=_READERS,
            timeouts=(CONNECT_SECONDS, READ_SECONDS),
        )
        # Apart, so that long uploads never keep reads waiting.
        self._reads = ThreadPoolExecutor(_READERS, thread_name_prefix="object-reads")
        self._writes = ThreadPoolExecutor(_WRITERS, thread_name_prefix="object-writes")

    async def ensure_bucket(self) -> None:
        """Create the bucket when it is missing."""

        def ensure() -> None:
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 404:
                    raise
                region = self._client.meta.region_name
                place = {} if region in (None, "auto", "us-east-1") else {"LocationConstraint": region}
                try:
                    self._client.create_bucket(
                        Bucket=self.bucket, **({"CreateBucketConfiguration": place} if place else {})
                    )
                    log.info("created bucket %s at %s", self.bucket, self.host)
                except ClientError as refused:
                    # Another process was faster.
                    if refused.response.get("Error", {}).get("Code") != "BucketAlreadyOwnedByYou":
                        raise

        await self._run(self._writes, "", ensure)

    # -- writing ------------------------------------------------------------------------------------------

    async def put_file(self, key: str, fileobj: BinaryIO, content_type: str, size: int) -> None:
        """Store a seekable file from its start, streamed; files over 8 MB in parts. The file stays open.

        Args:
            key: of the object; what it held is replaced once the last byte has arrived.
            fileobj: binary.
            content_type: kept with the object.
            size: bytes of the file.
        """

        def put() -> None:
            fileobj.seek(0)
            body = _LeftOpen(fileobj)
            if size < _PART:
                self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, ContentLength=size
                )
            else:
                self._client.upload_fileobj(
                    body, self.bucket, key, ExtraArgs={"ContentType": content_type}, Config=_TRANSFER
                )

        await self._run(self._writes, key, put)

    async def put_bytes(self, key: str, data: bytes, content_type: str) -> None:
        """Store bytes."""
        put = partial(self._client.put_object, Bucket=self.bucket, Key=key, Body=data, ContentType=content_type)
        await self._run(self._writes, key, put)

    async def delete(self, key: str) -> None:
        """Remove an object; a key without one is no error."""
        await self._run(self._writes, key, partial(self._client.delete_object, Bucket=self.bucket, Key=key))

    async def delete_below(self, prefix: str, limit: int) -> int:
        """Remove at most ``limit`` (up to 1,000) objects whose keys begin with the prefix; return how many."""

        def delete() -> int:
            found = self._client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=limit).get("Contents", [])
            # One by one: not every store takes the request that names many.
            for entry in found:
                self._client.delete_object(Bucket=self.bucket, Key=entry["Key"])
            return len(found)

        return await self._run(self._writes, prefix, delete)

    # -- reading ------------------------------------------------------------------------------------------

    async def get_bytes(self, key: str, limit_bytes: int) -> bytes:
        """Return a whole object.

        Raises:
            AssetNotFound: no object has the key.
            FileTooLarge: it has more bytes than the limit; nothing was read.
        """

        def get() -> bytes:
            response = self._reader.open(key)
            size = int(response.headers.get("Content-Length", 0))
            if size > limit_bytes:
                response.raw.close()
                raise FileTooLarge(f"{key} has {size} bytes, more than {limit_bytes}")
            return response.raw.read()

        return await self._run(self._reads, key, get)

    async def stream(self, key: str, byte_range: tuple[int, int | None] | None = None) -> ObjectStream:
        """Begin to read an object, or the bytes from first to last (inclusive; None is the end).

        Returns:
            An async iterator of chunks that knows status, size, content type and range.

        Raises:
            AssetNotFound: no object has the key.
        """
        response = await self._run(self._reads, key, partial(self._reader.open, key, byte_range))
        return ObjectStream(response, partial(self._run, self._reads, key), self.host, self.bucket, key)

    async def head(self, key: str) -> ObjectHead | None:
        """Return an object's facts, or None when there is none."""
        try:
            found = await self._run(self._reads, key, partial(self._client.head_object, Bucket=self.bucket, Key=key))
        except AssetNotFound:
            return None
        return ObjectHead(
            size=found["ContentLength"],
            content_type=found.get("ContentType", "application/octet-stream"),
            etag=found.get("ETag", "").strip('"'),
            last_modified=found["LastModified"],
        )

    async def exists(self, key: str) -> bool:
        """Return whether an object has the key."""
        return await self.head(key) is not None

    async def below(self, prefix: str, batch: int = 1000) -> AsyncIterator[ObjectEntry]:
        """Yield what lies below a prefix in the order of keys; what is removed meanwhile may still be named."""
        after = ""
        while True:
            names = {"Bucket": self.bucket, "Prefix": prefix, "MaxKeys": batch, "StartAfter": after}
            found = await self._run(self._reads, prefix, partial(self._client.list_objects_v2, **names))
            for entry in found.get("Contents", []):
                yield ObjectEntry(entry["Key"], entry["Size"], entry["LastModified"])
                after = entry["Key"]
            if not found.get("IsTruncated"):
                return

    # -- addresses ----------------------------------------------------------------------------------------

    async def presign_get(self, key: str, filename: str | None = None, content_type: str | None = None) -> str:
        """Return a URL that reads the object for ``DINO_PRESIGNED_URL_SECONDS``.

        Args:
            key: of the object.
            filename: what a browser saves it as.
            content_type: what the store shall answer instead of the stored type.
        """
        parameters = {"Bucket": self.bucket, "Key": key}
        if filename is not None:
            parameters["ResponseContentDisposition"] = f"inline; filename*=UTF-8''{quote(filename, safe='')}"
        if content_type is not None:
            parameters["ResponseContentType"] = content_type
        return self._presigned("get_object", parameters, self._presigned_seconds)

    async def presign_put(self, key: str, content_type: str, expires: int, size: int | None = None) -> str:
        """Return a URL that takes a PUT with this Content-Type for ``expires`` seconds.

        With ``size`` the store takes exactly that many bytes.
        """
        parameters: dict[str, Any] = {"Bucket": self.bucket, "Key": key, "ContentType": content_type}
        if size is not None:
            parameters["ContentLength"] = size
        return self._presigned("put_object", parameters, expires)

    async def public_url(self, key: str) -> str:
        """Return where clients read the object: below the public base URL when there is one, else presigned."""
        return f"{self._public}/{quote(key)}" if self._public else await self.presign_get(key)

    def _presigned(self, operation: str, parameters: dict[str, Any], seconds: int) -> str:
        # Only arithmetic on the keys: no request is made.
        with translated(self.host, self.bucket):
            return self._client.generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds)

    # -- the connection -----------------------------------------------------------------------------------

    async def ping(self) -> bool:
        """Return whether the store answers for the bucket; waits three seconds at most."""
        ask = partial(self._client.head_bucket, Bucket=self.bucket)
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await self._run(None, "", ask)
        except (DinoError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Close every connection and end the threads; calls under way finish."""
        self._reads.shutdown(wait=False)
        self._writes.shutdown(wait=False)
        self._reader.close()
        self._client.close()

    async def _run(self, pool: ThreadPoolExecutor | None, key: str, call: Callable[[], T]) -> T:
        def work() -> T:
            began = time.perf_counter()
            try:
                with translated(self.host, self.bucket, key):
                    result = call()
            except ServiceUnavailable:
                store_metrics().failed("objects")
                raise
            store_metrics().answered("objects", what, time.perf_counter() - began)
            return result

        what = "ping" if pool is None else "write" if pool is self._writes else "read"
        # The context goes along, so that spans of the client belong to the request.
        return await asyncio.get_running_loop().run_in_executor(pool, contextvars.copy_context().run, work)
