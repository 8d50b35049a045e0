"""Requests are read strictly: what the model does not name is refused by name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from dino_common.contracts import OPERATIONS
from dino_common.errors import DeadlineExceeded, FileTooLarge, InvalidRequest
from dino_gateway import reading
from dino_gateway.idempotency import fingerprint, read_key
from dino_gateway.job_submission import read_wait
from dino_gateway.reading import MAX_JSON_BYTES, read_query, read_request
from dino_gateway.upload_fields import read_upload_fields

ID = "550e8400-e29b-41d4-a716-446655440000"


def make_request(
    method: str = "POST",
    body: bytes = b"",
    query: bytes = b"",
    path: dict[str, str] | None = None,
    content_type: str | None = "application/json",
    **headers: str,
) -> Request:
    fields = {**({"content-type": content_type} if content_type else {}), **headers}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": query,
        "path_params": path or {},
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in fields.items()],
    }
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


async def read(operation: str, request: Request) -> Any:
    return await read_request(OPERATIONS[operation], request, read_query(request), 100)


async def test_path_query_and_body_come_together_in_one_model():
    found = await read("get-asset-thumbnail", make_request("GET", query=b"size=64", path={"asset_id": ID.upper()}))
    assert (found.asset_id, found.size) == (ID, 64)
    found = await read("update-asset", make_request("PATCH", b'{"tags": ["a"]}', path={"asset_id": ID}))
    assert (found.asset_id, found.tags) == (ID, ["a"])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"asset_id": "nope"}', "asset_id"),
        (b"{}", "asset_id"),
        (b'{"asset_id": 5}', "asset_id"),
        (b'{"asset_id": "%s", "colour": 1}' % ID.encode(), "colour"),
        (b'{"asset_id": "%s", "force": "yes"}' % ID.encode(), "force"),
        (b"[1]", "not a JSON object"),
        (b"{asset_id: 1}", "not JSON"),
        (b'{"asset_id": NaN}', "not JSON"),
        (b'{"asset_id": "\\u0000"}', "NUL"),
        (b"\xff\xfe", "not JSON"),
    ],
)
async def test_wrong_bodies_are_refused_and_the_field_is_named(body, named):
    with pytest.raises(InvalidRequest, match=named):
        await read("extract-features", make_request(body=body))


async def test_a_number_in_quotes_is_no_number_in_json():
    body = b'{"asset_id": "%s", "limit": "5"}' % ID.encode()
    with pytest.raises(InvalidRequest, match="limit"):
        await read("find-similar", make_request(body=body))


async def test_a_body_of_another_kind_is_refused_with_the_fix():
    with pytest.raises(InvalidRequest) as refused:
        await read(
            "extract-features", make_request(body=b"asset_id=1", content_type="application/x-www-form-urlencoded")
        )
    assert "application/json" in refused.value.details


async def test_bodies_over_the_limit_are_refused_before_and_while_reading():
    with pytest.raises(FileTooLarge):
        await read("extract-features", make_request(content_length=str(MAX_JSON_BYTES + 1)))
    with pytest.raises(FileTooLarge):
        await read("extract-features", make_request(body=b" " * (MAX_JSON_BYTES + 1)))


@pytest.mark.parametrize(
    ("operation", "field"), [("batch-similarity", "asset_ids"), ("find-best-match", "candidate_asset_ids")]
)
async def test_one_asset_too_many_is_refused_with_the_limit(operation, field):
    ids = ",".join(f'"550e8400-e29b-41d4-a716-{number:012d}"' for number in range(101))
    reference = "" if operation == "batch-similarity" else f'"reference_asset_id": "{ID}", '
    with pytest.raises(InvalidRequest, match="100"):
        await read(operation, make_request(body=f'{{{reference}"{field}": [{ids}]}}'.encode()))


@pytest.mark.parametrize("query", [b"limit=1&limit=2", b"unknown=1", b"limit=many", b"filename=%00"])
async def test_wrong_queries_are_refused(query):
    with pytest.raises(InvalidRequest):
        await read("list-assets", make_request("GET", query=query))


async def test_a_query_on_a_body_operation_is_refused():
    with pytest.raises(InvalidRequest, match="asset_id"):
        await read("extract-features", make_request(body=b"{}", query=b"asset_id=1"))


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("2.5", 2.5), ("300", 300.0)])
def test_wait_is_taken_out_of_the_query(text, seconds):
    query = {"wait": text}
    assert read_wait(query) == seconds
    assert query == {}


@pytest.mark.parametrize("text", ["-1", "301", "soon", "nan", "inf", ""])
def test_a_wait_that_is_no_number_of_seconds_is_refused(text):
    with pytest.raises(InvalidRequest, match="wait"):
        read_wait({"wait": text})


def test_tags_and_metadata_are_read_in_the_ways_clients_write_them():
    fields = read_upload_fields({"tags": ["a, b", '["c"]'], "metadata": ['{"scene": 12, "ok": true}']})
    assert fields.tags == ["a", "b", "c"]
    assert fields.metadata == {"scene": 12, "ok": True}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"metadata": ["nope"]}, "metadata"),
        ({"metadata": ["[]"]}, "metadata"),
        ({"metadata": ['{"a": {"deep": 1}}']}, "metadata"),
        ({"metadata": ["{}", "{}"]}, "metadata"),
        ({"tags": ["x" * 65]}, "tags"),
        ({"colour": ["red"]}, "colour"),
    ],
)
def test_wrong_form_fields_are_named(fields, named):
    with pytest.raises(InvalidRequest, match=named):
        read_upload_fields(fields)


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=20), min_size=1, max_size=2), max_size=3))
def test_any_form_fields_are_read_or_refused(fields):
    try:
        read_upload_fields(fields)
    except InvalidRequest:
        return


@pytest.mark.parametrize("key", ["", " lead", "trail ", "ü", "x" * 256, "a\tb"])
def test_idempotency_keys_are_short_visible_ascii(key):
    with pytest.raises(InvalidRequest):
        read_key({"idempotency-key": key})


def test_a_fingerprint_depends_on_operation_and_fields_but_not_on_their_order():
    one, other = OPERATIONS["upload-media"], OPERATIONS["presign-upload"]
    assert read_key({}) is None
    assert read_key({"idempotency-key": "order 66"}) == "order 66"
    assert fingerprint(one, {"a": 1, "b": 2}) == fingerprint(one, {"b": 2, "a": 1})
    assert fingerprint(one, {"a": 1}) != fingerprint(one, {"a": 2})
    assert fingerprint(one, {"a": 1}) != fingerprint(other, {"a": 1})


@pytest.mark.parametrize("depth", [100, 252, 260, 1000, 5000])
async def test_deep_nesting_is_the_senders_fault(depth):
    nested = b"[" * depth + b"]" * depth
    with pytest.raises(InvalidRequest):
        await read("extract-features", make_request(body=b'{"asset_id":' + nested + b"}"))
    with pytest.raises(InvalidRequest):
        read_upload_fields({"tags": [nested.decode()]})
    with pytest.raises(InvalidRequest):
        read_upload_fields({"metadata": [f'{{"a":{nested.decode()}}}']})


async def test_a_body_that_drips_in_for_ever_is_given_up(monkeypatch):
    clock = iter(range(0, 100_000, 10))
    monkeypatch.setattr(reading, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x", "more_body": True}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    chunks = reading.body_chunks(request)

    async def take_ten() -> None:
        for _ in range(10):
            await anext(chunks)

    with pytest.raises(DeadlineExceeded, match="slowly"):
        await take_ten()
