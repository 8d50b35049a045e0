"""How secrets of webhooks are kept: sealed with AES-256-GCM where the deployment has a key, as they are where not."""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dino_common.errors import InvalidRequest, ServiceUnavailable

_SEALED, _PLAIN = "v1", "plain"
_NONCE_BYTES = 12
_LEAST_KEY_CHARACTERS = 32


class Seal:
    """Seals and opens with the keys of ``DINO_WEBHOOK_SECRET_KEYS``: the first seals, all of them open."""

    def __init__(self, keys: str) -> None:
        """Take the keys, separated by commas; none keeps secrets as they are.

        Raises:
            InvalidRequest: a key has fewer than 32 characters.
        """
        parts = [key.strip() for key in keys.split(",") if key.strip()]
        if any(len(part) < _LEAST_KEY_CHARACTERS for part in parts):
            raise InvalidRequest(
                f"DINO_WEBHOOK_SECRET_KEYS: a key has fewer than {_LEAST_KEY_CHARACTERS} characters",
                details="Make one with: openssl rand -base64 32",
            )
        self._keys = {_name(part): _cipher(part) for part in parts}
        self._first = _name(parts[0]) if parts else None

    @property
    def seals(self) -> bool:
        """Whether secrets are sealed."""
        return self._first is not None

    def close(self, secret: str, webhook_id: str) -> str:
        """Return the text to keep; it opens for this webhook alone."""
        if self._first is None:
            return f"{_PLAIN}:{secret}"
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._keys[self._first].encrypt(nonce, secret.encode(), webhook_id.encode())
        return f"{_SEALED}:{self._first}:{base64.b64encode(sealed).decode()}"

    def open(self, kept: str, webhook_id: str) -> str:
        """Return the secret.

        Raises:
            ServiceUnavailable: the key that it was sealed with is not among the deployment's.
        """
        kind, _, rest = kept.partition(":")
        if kind == _PLAIN:
            return rest
        name, _, text = rest.partition(":")
        cipher = self._keys.get(name)
        try:
            if cipher is None:
                raise InvalidTag
            data = base64.b64decode(text)
            return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], webhook_id.encode()).decode()
        except InvalidTag:
            raise ServiceUnavailable(
                f"The secret of webhook {webhook_id} does not open",
                details="Put the key that it was sealed with back into DINO_WEBHOOK_SECRET_KEYS, or rotate the secret.",
            ) from None


def _name(key: str) -> str:
    """Return a name that tells keys apart and nothing of them: eight hex digits of a hash."""
    return hashlib.sha256(b"dino webhook key name:" + key.encode()).hexdigest()[:8]


def _cipher(key: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=None, info=b"dino webhook secrets v1").derive(key.encode())
    return AESGCM(derived)
