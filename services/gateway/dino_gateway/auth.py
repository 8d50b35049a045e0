"""Who asks, and whether they may: API keys and JSON Web Tokens, or nobody where authentication is off."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Awaitable, Mapping
from typing import NoReturn, Protocol

from pydantic import BaseModel

from dino_common.contracts import Operation, Scope
from dino_common.errors import Forbidden, Unauthorized
from dino_common.settings import Settings
from dino_common.stores.api_keys import ApiKey
from dino_gateway.call import Principal
from dino_gateway.json_web_tokens import TokenVerifier, scopes_within

log = logging.getLogger(__name__)

# A revoked key stops working within this many seconds.
KEY_CACHE_SECONDS = 5.0
_KEY_CACHE_SIZE = 10_000
_EVERYTHING = frozenset({Scope.READ, Scope.WRITE, Scope.ADMIN})


class FindsKeys(Protocol):
    """Looks an API key up by its text."""

    def find(self, plaintext: str) -> Awaitable[ApiKey | None]:
        """Return the usable key, or None."""
        ...


class Authenticator:
    """Answers for one process; key look-ups are kept for a few seconds, unknown keys too."""

    def __init__(self, settings: Settings, keys: FindsKeys, tokens: TokenVerifier | None) -> None:
        """Use these keys and, when tokens are configured, this verifier."""
        self._open = settings.auth == "off"
        self._keys, self._tokens = keys, tokens
        self._known: dict[bytes, tuple[float, ApiKey | None]] = {}

    async def identify(self, headers: Mapping[str, str], client_ip: str) -> Principal:
        """Return who asks.

        Raises:
            Unauthorized: no credential, or one that is unknown, revoked, expired or forged.
            ServiceUnavailable: what would tell (MongoDB, the token issuer) does not answer.
        """
        if self._open:
            return Principal(f"ip:{client_ip}", _EVERYTHING)
        if key := headers.get("x-api-key"):
            return await self._by_key(key.strip())
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise Unauthorized("No credential was sent")
        if credential.startswith("dino_"):
            return await self._by_key(credential)
        if self._tokens is None:
            raise Unauthorized("The bearer token is no API key, and this deployment takes no JSON Web Tokens")
        return await self._tokens.verify(credential)

    async def _by_key(self, plaintext: str) -> Principal:
        now = time.monotonic()
        digest = hashlib.sha256(plaintext.encode()).digest()
        kept = self._known.get(digest)
        if kept is None or kept[0] < now:
            if len(self._known) >= _KEY_CACHE_SIZE:
                self._known.clear()
            kept = (now + KEY_CACHE_SECONDS, await self._keys.find(plaintext))
            self._known[digest] = kept
        key = kept[1]
        if key is None or not key.usable:
            raise Unauthorized("The API key is unknown, revoked or expired")
        return Principal(f"key:{key.key_id}", scopes_within(key.scopes))


def require_scope(principal: Principal, operation: Operation) -> None:
    """Raise Forbidden, naming the scope, unless the principal may use the operation."""
    if operation.scope is Scope.PUBLIC or operation.scope in principal.scopes:
        return
    _refuse(principal, operation.name, operation.scope)


def require_field_scopes(principal: Principal, operation: Operation, fields: BaseModel) -> None:
    """Raise Forbidden when the request uses a field that needs more than the operation itself."""
    for name, scope in operation.field_scopes:
        if getattr(fields, name) is not None and scope not in principal.scopes:
            _refuse(principal, f"{operation.name} with {name}", scope)


def _refuse(principal: Principal, what: str, scope: Scope) -> NoReturn:
    raise Forbidden(
        f"{what} needs the scope {scope.value}",
        details=f"Use a credential with the scope {scope.value}; this one has "
        f"{', '.join(sorted(s.value for s in principal.scopes)) or 'none'}.",
    )
