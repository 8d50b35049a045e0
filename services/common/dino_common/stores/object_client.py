"""The boto3 client of the object store: keys, region, bounded waits and retries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from boto3.session import Session
from botocore.config import Config

from dino_common.settings import Settings
from dino_common.stores.object_errors import without_credentials

CONNECT_SECONDS, READ_SECONDS = 3.0, 20.0


@dataclass(frozen=True, slots=True)
class ObjectClient:
    """A client and what a signer needs beside it.

    Attributes:
        boto: boto3's S3 client.
        credentials: botocore's, which may refresh themselves.
        endpoint: URL of the store; host: its host and port, safe to show.
    """

    boto: Any
    credentials: Any
    endpoint: str
    host: str
    region: str


def open_client(settings: Settings, connections: int) -> ObjectClient:
    """Make the client; nothing is asked yet.

    Raises:
        ServiceUnavailable: neither the settings nor the machine have keys; the message names what to set.
    """
    key, secret = settings.s3_access_key, settings.s3_secret_key
    # Amazon's own endpoints sign for a real region; "auto" is R2's.
    region = None if settings.s3_endpoint is None and settings.s3_region == "auto" else settings.s3_region
    if key and secret:
        session = Session(aws_access_key_id=key, aws_secret_access_key=secret.get_secret_value(), region_name=region)
    else:
        # Where the machine itself has a role (IAM on Amazon) no keys are set.
        session = Session(region_name=region)
    credentials = None if bool(key) != bool(secret) else session.get_credentials()
    if credentials is None:
        raise without_credentials(show_host(settings.s3_endpoint) if settings.s3_endpoint else "Amazon")
    boto = session.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 3, "mode": "standard"},
            max_pool_connections=connections,
            # R2 and others refuse the checksums that newer clients add unasked.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    endpoint = str(boto.meta.endpoint_url)
    return ObjectClient(boto, credentials, endpoint, show_host(endpoint), boto.meta.region_name or "us-east-1")


def show_host(url: str) -> str:
    """Return ``host:port`` of a URL, without user or password."""
    return urlsplit(url).netloc.rsplit("@", 1)[-1] or url
