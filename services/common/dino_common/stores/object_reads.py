"""Reading objects at a fraction of boto3's price: its signer and its transport, without what lies between.

``get_object`` of boto3 spends most of a small read's CPU on building, validating and parsing a request whose
shape never changes. See docs/decisions/0005-object-reads.md for the figures.
"""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from dino_common.stores.object_errors import UNREACHABLE, from_code

_CODE = re.compile(rb"<Code>(\w+)</Code>")
_ATTEMPTS = 3
_RETRIED = frozenset({429, 500, 502, 503, 504})


class ObjectReader:
    """Signed GETs of one bucket over a pool of kept-alive connections; used by many threads at once."""

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        credentials: Any,
        region: str,
        *,
        connections: int,
        timeouts: tuple[float, float],
    ) -> None:
        """Args:
        endpoint: ``https://host``; the bucket is addressed by path.
        bucket: its name.
        credentials: botocore's, which may refresh themselves.
        region: as signed.
        connections: kept alive at most.
        timeouts: seconds to connect, and to wait for bytes.
        """
        self._base = f"{endpoint.rstrip('/')}/{quote(bucket)}/"
        self._bucket = bucket
        self._host = endpoint.split("://", 1)[-1]
        self._credentials, self._region = credentials, region
        self._session = URLLib3Session(
            proxies=get_environ_proxies(endpoint), timeout=timeouts, max_pool_connections=connections
        )

    def open(self, key: str, byte_range: tuple[int, int | None] | None = None) -> AWSResponse:
        """Begin to read an object; the caller reads ``raw`` to its end or closes it.

        Args:
            key: of the object.
            byte_range: first and last byte, inclusive; None as last is the object's end.

        Raises:
            AssetNotFound, ServiceUnavailable, ProcessingFailed: the store answered with an error.
            EndpointError, HTTPClientError: nothing answered, also when tried again.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._send(key, byte_range)
            except UNREACHABLE:
                if attempt == _ATTEMPTS:
                    raise
            else:
                if response.status_code in (200, 206):
                    return response
                body = response.content  # reads it to the end, so that the connection can be used again
                if response.status_code not in _RETRIED or attempt == _ATTEMPTS:
                    found = _CODE.search(body)
                    code = found.group(1).decode() if found else ""
                    raise from_code(code, response.status_code, self._host, self._bucket, key)
            time.sleep(0.1 * 2 ** (attempt - 1))  # this is a thread of the pool
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _send(self, key: str, byte_range: tuple[int, int | None] | None) -> AWSResponse:
        request = AWSRequest("GET", self._base + quote(key, safe="/~"), stream_output=True)
        request.context["payload_signing_enabled"] = False
        if byte_range is not None:
            first, last = byte_range
            request.headers["Range"] = f"bytes={first}-{'' if last is None else last}"
        frozen = self._credentials.get_frozen_credentials()
        S3SigV4Auth(frozen, "s3", self._region).add_auth(request)
        return self._session.send(request.prepare())

    def close(self) -> None:
        """Close every connection."""
        self._session.close()
