"""JSON Web Tokens of an identity provider, checked against the keys it publishes (RFC 7519, RFC 7517)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx
import jwt
from jwt import PyJWK, PyJWKSet

from dino_common.contracts import Scope
from dino_common.errors import InvalidRequest, ServiceUnavailable, Unauthorized
from dino_common.settings import Settings
from dino_gateway.call import Principal

log = logging.getLogger(__name__)

# Asymmetric algorithms alone: with HMAC the published keys would be the secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KEYS_FRESH_SECONDS = 300.0
# Keys already fetched go on to work this long while their publisher is down.
KEYS_STALE_SECONDS = 3600.0
_REFETCH_AT_MOST_EVERY = 10.0
_LEEWAY_SECONDS = 30
_ORDER = (Scope.READ, Scope.WRITE, Scope.ADMIN)


def scopes_within(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes that these names allow: admin includes write, write includes read; others mean nothing."""
    highest = -1
    for name in names:
        plain = name.removeprefix("dino:")
        for rank, scope in enumerate(_ORDER):
            if plain == scope.value:
                highest = max(highest, rank)
    return frozenset(_ORDER[: highest + 1])


class TokenVerifier:
    """Checks signature, issuer, audience and times of tokens."""

    def __init__(
        self, jwks_url: str, issuer: str, audience: str, client: Callable[[], httpx.AsyncClient] | None = None
    ) -> None:
        """Trust the tokens of ``issuer`` for ``audience`` that a key published at ``jwks_url`` signed."""
        self._url, self._issuer, self._audience = jwks_url, issuer, audience
        self._client = client or (lambda: httpx.AsyncClient(timeout=3.0, follow_redirects=False))
        self._keys: dict[str, PyJWK] = {}
        self._fetched = self._tried = float("-inf")

    @classmethod
    def from_settings(cls, settings: Settings) -> TokenVerifier | None:
        """Return the configured verifier, or None when no keys are named.

        Raises:
            InvalidRequest: keys are named without issuer and audience, so that anybody's tokens would do.
        """
        if not settings.jwt_jwks_url:
            return None
        if not settings.jwt_issuer or not settings.jwt_audience:
            raise InvalidRequest(
                "DINO_JWT_JWKS_URL is set without DINO_JWT_ISSUER and DINO_JWT_AUDIENCE",
                details="Set all three: tokens of others must not be accepted.",
            )
        return cls(settings.jwt_jwks_url, settings.jwt_issuer, settings.jwt_audience)

    async def verify(self, token: str) -> Principal:
        """Return who the token speaks for.

        Raises:
            Unauthorized: malformed, forged, expired, or meant for others.
            ServiceUnavailable: the keys cannot be fetched.
        """
        try:
            head = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise Unauthorized("The bearer token is neither an API key nor a JSON Web Token") from None
        algorithm, key_id = head.get("alg"), head.get("kid")
        if algorithm not in ALGORITHMS:
            raise Unauthorized("The token is not signed with an accepted algorithm")
        key = await self._key(key_id)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthorized(f"The token is not valid: {type(error).__name__.removesuffix('Error')}") from None
        return Principal(f"jwt:{str(claims['sub'])[:128]}", scopes_within(_scope_names(claims)))

    async def _key(self, key_id: Any) -> PyJWK:
        now = time.monotonic()
        known = self._find(key_id)
        if known is not None and now - self._fetched < KEYS_FRESH_SECONDS:
            return known
        if now - self._tried >= _REFETCH_AT_MOST_EVERY:
            self._tried = now
            try:
                await self._fetch()
                self._fetched = time.monotonic()
                known = self._find(key_id)
            except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
                log.warning("the token issuer's keys cannot be fetched: %s", type(error).__name__)
        age = time.monotonic() - self._fetched
        if age > KEYS_STALE_SECONDS or (known is None and self._fetched < self._tried):
            raise ServiceUnavailable("The token issuer's keys cannot be fetched", retry_after=5)
        if known is None:
            raise Unauthorized("The token is signed with a key that its issuer does not publish")
        return known

    def _find(self, key_id: Any) -> PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id) if isinstance(key_id, str) else None

    async def _fetch(self) -> None:
        async with self._client() as client:
            answer = await client.get(self._url)
            answer.raise_for_status()
        found = PyJWKSet.from_dict(answer.json())
        self._keys = {
            key.key_id or "": key for key in found.keys if key.public_key_use in (None, "sig") and key.key_type != "oct"
        }


def _scope_names(claims: dict[str, Any]) -> list[str]:
    """Read ``scope`` (RFC 8693: a text with spaces) or the ``scp`` list that some issuers write."""
    value = claims.get("scope", claims.get("scp", ""))
    if isinstance(value, str):
        return value.split()
    return [str(item) for item in value] if isinstance(value, list) else []
