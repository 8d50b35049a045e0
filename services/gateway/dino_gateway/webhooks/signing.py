"""Signatures by the Standard Webhooks scheme (https://www.standardwebhooks.com), version v1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from dino_common.errors import InvalidRequest

PREFIX = "whsec_"
_MADE_BYTES, _LEAST_BYTES, _MOST_BYTES = 32, 24, 64


def make_secret() -> str:
    """Return a new secret: ``whsec_`` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_MADE_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """Return the bytes of a secret's text.

    Raises:
        InvalidRequest: not ``whsec_`` and 24 to 64 bytes in base64.
    """
    try:
        if not secret.startswith(PREFIX):
            raise ValueError(secret[:0])
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if not _LEAST_BYTES <= len(found) <= _MOST_BYTES:
        raise InvalidRequest(f"secret: must be {PREFIX} and {_LEAST_BYTES} to {_MOST_BYTES} bytes in base64")
    return found


def sign(message_id: str, timestamp: int, body: bytes, key: bytes) -> str:
    """Return ``v1,`` and the base64 of HMAC-SHA256 over ``{id}.{timestamp}.{body}``.

    Args:
        message_id: the same for every attempt at a delivery.
        timestamp: of the attempt, whole seconds since the epoch.
        body: exactly what is sent.
        key: the secret's bytes.
    """
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the scheme's three headers, with one signature a key."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(message_id, timestamp, body, key) for key in keys),
    }
