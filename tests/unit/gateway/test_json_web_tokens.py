"""Tokens are believed only when the issuer's published key signed exactly them for us."""

from __future__ import annotations

import json
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from dino_common.contracts import Scope
from dino_common.errors import InvalidRequest, ServiceUnavailable, Unauthorized
from dino_common.settings import Settings
from dino_gateway import json_web_tokens
from dino_gateway.json_web_tokens import TokenVerifier

ISSUER, AUDIENCE = "https://issuer.test", "dinov3-platform"


def make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Publishes keys over an in-memory HTTP transport."""

    def __init__(self) -> None:
        self.keys = {"k1": make_key()}
        self.fetched = 0
        self.down = False

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.fetched += 1
        if self.down:
            return httpx.Response(503)
        found = [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": name, "use": "sig"}
            for name, key in self.keys.items()
        ]
        return httpx.Response(200, json={"keys": found})

    def token(self, key_id: str = "k1", **changes: object) -> str:
        claims = {
            "sub": "alice",
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": time.time() + 600,
            "scope": "openid write",
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.keys[key_id], "RS256", headers={"kid": key_id})


@pytest.fixture(scope="module")
def shared_issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def issuer(shared_issuer: Issuer) -> Issuer:
    shared_issuer.fetched, shared_issuer.down = 0, False
    return shared_issuer


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    transport = httpx.MockTransport(issuer.answer)
    return TokenVerifier("https://issuer.test/keys", ISSUER, AUDIENCE, lambda: httpx.AsyncClient(transport=transport))


async def test_a_good_token_speaks_for_its_subject_and_keys_are_fetched_once(issuer, verifier):
    for _ in range(3):
        principal = await verifier.verify(issuer.token())
        assert principal.name == "jwt:alice"
        assert principal.scopes == {Scope.READ, Scope.WRITE}
    assert issuer.fetched == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.test"},
        {"aud": "another service"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"nbf": 4102444800},
    ],
    ids=str,
)
async def test_tokens_for_others_or_other_times_are_refused(issuer, verifier, changes):
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token(**changes))


async def test_forged_and_unsigned_tokens_are_refused(issuer, verifier):
    claims = {"sub": "mallory", "iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60, "scope": "admin"}
    for forged in (
        jwt.encode(claims, make_key(), "RS256", headers={"kid": "k1"}),
        jwt.encode(claims, None, "none", headers={"kid": "k1"}),
        jwt.encode(claims, "s" * 64, "HS256", headers={"kid": "k1"}),
        "not.a.token",
    ):
        with pytest.raises(Unauthorized):
            await verifier.verify(forged)


async def test_a_new_key_of_the_issuer_is_found(issuer, verifier, monkeypatch):
    await verifier.verify(issuer.token())
    issuer.keys["k2"] = make_key()
    try:
        with pytest.raises(Unauthorized, match="does not publish"):
            await verifier.verify(issuer.token("k2"))
        later = time.monotonic() + 11
        monkeypatch.setattr(json_web_tokens.time, "monotonic", lambda: later)
        assert (await verifier.verify(issuer.token("k2"))).name == "jwt:alice"
    finally:
        del issuer.keys["k2"]


async def test_an_issuer_that_is_down_is_503_until_keys_were_fetched_once(issuer, verifier, monkeypatch):
    issuer.down = True
    with pytest.raises(ServiceUnavailable):
        await verifier.verify(issuer.token())
    now = time.monotonic() + 11
    monkeypatch.setattr(json_web_tokens.time, "monotonic", lambda: now)
    issuer.down = False
    await verifier.verify(issuer.token())
    issuer.down = True
    now += 400
    assert (await verifier.verify(issuer.token())).name == "jwt:alice"
    now += 4000
    with pytest.raises(ServiceUnavailable):
        await verifier.verify(issuer.token())


def test_keys_without_issuer_and_audience_are_a_configuration_error():
    with pytest.raises(InvalidRequest, match="DINO_JWT_ISSUER"):
        TokenVerifier.from_settings(Settings(DINO_JWT_JWKS_URL="https://issuer.test/keys"))
    assert TokenVerifier.from_settings(Settings()) is None
