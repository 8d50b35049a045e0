from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from dino_common.errors import NotFound
from dino_common.stores.api_keys import ApiKeyStore
from dino_common.stores.mongo import Mongo, utc_now


@pytest.fixture
async def store(mongo: Mongo) -> ApiKeyStore:
    await mongo.db["api_keys"].delete_many({})
    return ApiKeyStore(mongo)


async def test_key_is_found_by_its_text_and_by_nothing_else(store: ApiKeyStore) -> None:
    key, text = await store.create("ci", ["read", "write"])
    found = await store.find(text)
    assert found is not None
    assert (found.key_id, found.name, found.scopes) == (key.key_id, "ci", ("read", "write"))
    other, other_text = await store.create("other", ["read"])
    mixed = f"dino_{other.key_id}_{text.split('_', 2)[2]}"
    for wrong in (text[:-1], text + "x", mixed, other_text.replace(other.key_id, "0" * 16), "", "dino__", "x" * 5000):
        assert await store.find(wrong) is None


async def test_secret_is_stored_as_a_hash_only(store: ApiKeyStore, mongo: Mongo) -> None:
    key, text = await store.create("ci", ["read"])
    secret = text.split("_", 2)[2]
    assert len(secret) >= 43
    document = await mongo.db["api_keys"].find_one({"_id": key.key_id})
    assert document is not None
    assert secret not in str(document)
    assert document["hash"] == hashlib.sha256(secret.encode()).hexdigest()


async def test_revoked_key_is_found_no_more_but_listed(store: ApiKeyStore) -> None:
    key, text = await store.create("ci", ["admin"])
    first = await store.revoke(key.key_id)
    assert await store.find(text) is None
    assert (await store.revoke(key.key_id)).revoked_at == first.revoked_at is not None
    assert [k.key_id for k in await store.list()] == [key.key_id]
    with pytest.raises(NotFound):
        await store.revoke("missing")


async def test_expired_key_is_found_no_more(store: ApiKeyStore, mongo: Mongo) -> None:
    key, text = await store.create("ci", ["read"], expires_in_days=1)
    assert await store.find(text) is not None
    past = utc_now() - timedelta(seconds=1)
    await mongo.db["api_keys"].update_one({"_id": key.key_id}, {"$set": {"expires_at": past}})
    assert await store.find(text) is None


async def test_use_is_noted_once_a_minute(store: ApiKeyStore, mongo: Mongo) -> None:
    key, text = await store.create("ci", ["read"])
    await store.find(text)
    noted = (await store.list())[0].last_used_at
    assert noted is not None
    await store.find(text)
    assert (await store.list())[0].last_used_at == noted
    earlier = noted - timedelta(minutes=2)
    await mongo.db["api_keys"].update_one({"_id": key.key_id}, {"$set": {"last_used_at": earlier}})
    await store.find(text)
    again = (await store.list())[0].last_used_at
    assert again is not None
    assert again >= noted
