"""Who may do what: keys, scopes, and how soon a revoked key stops working."""

from __future__ import annotations

import dataclasses

import pytest

from dino_common.contracts import OPERATIONS, Scope
from dino_common.errors import Forbidden, ServiceUnavailable, Unauthorized
from dino_common.settings import Settings
from dino_common.stores.api_keys import ApiKey
from dino_common.stores.mongo import utc_now
from dino_gateway import auth
from dino_gateway.auth import Authenticator, require_scope
from dino_gateway.call import Principal
from dino_gateway.json_web_tokens import scopes_within

KEY = ApiKey("k1", "test", ("write",), "hash", utc_now())


class Keys:
    """A store whose keys a test may revoke, and which counts who asks."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {"dino_k1_secret": KEY}
        self.asked = 0
        self.down = False

    async def find(self, plaintext: str) -> ApiKey | None:
        self.asked += 1
        if self.down:
            raise ServiceUnavailable("MongoDB does not answer")
        return self.keys.get(plaintext)


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def authenticator(keys: Keys) -> Authenticator:
    return Authenticator(Settings(DINO_AUTH="on"), keys, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "dino_k1_secret"},
        {"authorization": "Bearer dino_k1_secret"},
        {"authorization": "bearer dino_k1_secret"},
    ],
)
async def test_a_key_is_taken_from_either_header(authenticator, headers):
    principal = await authenticator.identify(headers, "10.0.0.1")
    assert principal == Principal("key:k1", frozenset({Scope.READ, Scope.WRITE}))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": "dino_k1_wrong"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer a.b.c"},
    ],
)
async def test_anything_else_is_unauthorized(authenticator, headers):
    with pytest.raises(Unauthorized):
        await authenticator.identify(headers, "10.0.0.1")


async def test_without_authentication_the_address_asks_with_every_scope(keys):
    principal = await Authenticator(Settings(DINO_AUTH="off"), keys, None).identify({}, "10.0.0.1")
    assert principal.name == "ip:10.0.0.1"
    assert Scope.ADMIN in principal.scopes
    assert keys.asked == 0


async def test_look_ups_are_kept_for_seconds_and_no_longer(authenticator, keys, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(auth.time, "monotonic", lambda: now)
    headers = {"x-api-key": "dino_k1_secret"}
    for _ in range(3):
        await authenticator.identify(headers, "ip")
    assert keys.asked == 1
    keys.keys["dino_k1_secret"] = dataclasses.replace(KEY, revoked_at=utc_now())
    now += 10.0
    with pytest.raises(Unauthorized):
        await authenticator.identify(headers, "ip")


async def test_unknown_keys_are_not_looked_up_at_every_try(authenticator, keys):
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await authenticator.identify({"x-api-key": "dino_zz_guess"}, "ip")
    assert keys.asked == 1


async def test_a_key_store_that_is_down_is_no_401(authenticator, keys):
    keys.down = True
    with pytest.raises(ServiceUnavailable):
        await authenticator.identify({"x-api-key": "dino_k1_secret"}, "ip")


async def test_an_expired_key_stops_within_its_cache_time_too(authenticator, keys):
    keys.keys["dino_k1_secret"] = dataclasses.replace(KEY, expires_at=utc_now())
    with pytest.raises(Unauthorized):
        await authenticator.identify({"x-api-key": "dino_k1_secret"}, "ip")


@pytest.mark.parametrize(
    ("names", "scopes"),
    [
        ((), set()),
        (("read",), {Scope.READ}),
        (("write",), {Scope.READ, Scope.WRITE}),
        (("admin",), {Scope.READ, Scope.WRITE, Scope.ADMIN}),
        (("dino:write", "email"), {Scope.READ, Scope.WRITE}),
        (("openid",), set()),
    ],
)
def test_each_scope_includes_those_below(names, scopes):
    assert scopes_within(names) == scopes


def test_a_missing_scope_is_named():
    reader = Principal("key:k", frozenset({Scope.READ}))
    require_scope(reader, OPERATIONS["get-asset"])
    require_scope(Principal("", frozenset()), OPERATIONS["health"])
    with pytest.raises(Forbidden, match="write"):
        require_scope(reader, OPERATIONS["upload-media"])
    with pytest.raises(Forbidden, match="admin"):
        require_scope(reader, OPERATIONS["set-quality-threshold"])
