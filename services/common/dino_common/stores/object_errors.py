"""What an S3 API or the way to it raises, in the platform's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as EndpointError
from urllib3.exceptions import HTTPError

from dino_common.errors import AssetNotFound, DinoError, ProcessingFailed, ServiceUnavailable

RETRY_AFTER = 3.0
# What botocore raises when no answer came; the two have no base of their own.
UNREACHABLE = (EndpointError, HTTPClientError)
_REFUSED = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "401", "403"}
)
_MISSING = frozenset({"NoSuchKey", "NotFound", "404"})
_SETTINGS = "CLOUDFLARE_R2_ENDPOINT (or S3_ENDPOINT)"
_KEYS = "CLOUDFLARE_R2_ACCESS_KEY_ID and CLOUDFLARE_R2_SECRET_ACCESS_KEY (or S3_ACCESS_KEY and S3_SECRET_ACCESS_KEY)"
_BUCKET = "CLOUDFLARE_R2_BUCKET_NAME (or S3_BUCKET_NAME)"


def unreachable(host: str) -> ServiceUnavailable:
    """Return the error of a store that does not answer."""
    return ServiceUnavailable(
        f"The object store (S3 at {host}) does not answer",
        details=f"Start it, or set {_SETTINGS} to one that runs.",
        retry_after=RETRY_AFTER,
    )


def without_credentials(host: str) -> ServiceUnavailable:
    """Return the error of a start without keys."""
    return ServiceUnavailable(
        f"The object store (S3 at {host}) cannot be used without credentials", details=f"Set {_KEYS}."
    )


def gone(key: str) -> AssetNotFound:
    """Return the error of bytes that are not there: their last asset was deleted meanwhile."""
    return AssetNotFound(f"The stored bytes of {key} no longer exist")


def from_code(code: str, status: int, host: str, bucket: str, key: str) -> DinoError:
    """Return the typed error for an S3 error code and HTTP status."""
    if code == "NoSuchBucket":
        return ServiceUnavailable(
            f"The object store (S3 at {host}) has no bucket {bucket!r}",
            details=f"Create it, or set {_BUCKET} to one that exists.",
            retry_after=RETRY_AFTER,
        )
    if code in _MISSING or (not code and status == 404):
        return gone(key)
    if code in _REFUSED or status in (401, 403):
        return ServiceUnavailable(
            f"The object store (S3 at {host}) refuses the credentials for bucket {bucket!r}",
            details=f"Check {_KEYS}, and that they may read and write the bucket.",
            retry_after=30,
        )
    if status >= 500 or status == 429:
        return unreachable(host)
    return ProcessingFailed(f"The object store answered {code or status}")


@contextmanager
def translated(host: str, bucket: str, key: str = "") -> Iterator[None]:
    """Turn what the block's S3 calls raise into typed errors.

    Raises:
        AssetNotFound: no object has the key.
        ServiceUnavailable: nothing answers, the bucket is missing, or the credentials are refused.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise without_credentials(host) from error
    except ClientError as error:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise from_code(code, status, host, bucket, key) from error
    except (*UNREACHABLE, HTTPError, OSError) as error:
        raise unreachable(host) from error
    except BotoCoreError as error:
        raise ProcessingFailed(f"The object store client failed ({type(error).__name__})") from error
