"""The client: filling requests from the contract, and trying again where waiting helps."""

from __future__ import annotations

import io
import socket

import pytest
from tests.unit.cli.stand_in import Answer, StandIn, error, example

from dino_cli.client import Client, Stopped
from dino_cli.failures import ApiFailure, Exit, Failure, Unreachable
from dino_common.contracts.assets import EXAMPLE_ID

FEATURES = example("extract-features")
UPLOAD = example("upload-media")


@pytest.fixture
def client(gateway: StandIn):
    with Client(f"{gateway.url}/api/v1", "secret-key") as made:
        yield made


def test_body_of_a_post_is_filled_from_the_fields(client: Client, gateway: StandIn) -> None:
    gateway.answer("POST", "/extract-features", FEATURES)
    assert client.call("extract-features", asset_id=EXAMPLE_ID)["dimension"] == 384
    (seen,) = gateway.seen
    assert seen.json == {"asset_id": EXAMPLE_ID}
    assert seen.headers["x-api-key"] == "secret-key"
    assert "idempotency-key" not in seen.headers


def test_path_and_query_of_a_get_are_filled_and_none_is_left_out(client: Client, gateway: StandIn) -> None:
    gateway.answer("GET", "/assets/a%2Fb/thumbnail", {})
    client.call("get-asset-thumbnail", asset_id="a/b", size=64)
    assert gateway.seen[0].query == {"size": "64"}
    gateway.answer("GET", "/assets", {"items": [], "next_cursor": None})
    client.call("list-assets", limit=5, cursor=None)
    assert gateway.seen[1].query == {"limit": "5"}


def test_a_field_that_the_contract_does_not_know_is_refused(client: Client) -> None:
    with pytest.raises(TypeError, match="asset_idd"):
        client.call("extract-features", asset_idd=EXAMPLE_ID)


def test_rate_limit_is_waited_for_as_long_as_told(gateway: StandIn) -> None:
    waits: list[tuple[float, str]] = []
    limited = error(429, "RATE_LIMITED", "Too many requests", Retry_After="0.01")
    gateway.answer("POST", "/extract-features", limited, limited, Answer(200, FEATURES))
    with Client(f"{gateway.url}/api/v1", on_wait=lambda s, why: waits.append((s, why))) as client:
        client.call("extract-features", asset_id=EXAMPLE_ID)
    assert waits == [(0.01, "Too many requests")] * 2
    assert len(gateway.seen) == 3


def test_unavailable_for_good_fails_after_bounded_attempts(client: Client, gateway: StandIn) -> None:
    full = error(503, "SERVICE_UNAVAILABLE", "The queue is full", Retry_After="0.001")
    gateway.answer("POST", "/extract-features", full)
    with pytest.raises(ApiFailure) as caught:
        client.call("extract-features", asset_id=EXAMPLE_ID)
    assert (caught.value.code, caught.value.request_id) == ("SERVICE_UNAVAILABLE", "req-77")
    assert len(gateway.seen) == 6


def test_other_errors_are_not_tried_again(client: Client, gateway: StandIn) -> None:
    gateway.answer("GET", f"/assets/{EXAMPLE_ID}", error(404, "ASSET_NOT_FOUND", "No such asset"))
    with pytest.raises(ApiFailure) as caught:
        client.call("get-asset", asset_id=EXAMPLE_ID)
    assert caught.value.exit_code == Exit.FAILURE
    assert len(gateway.seen) == 1


def test_upload_that_is_repeated_sends_all_bytes_and_one_idempotency_key(client: Client, gateway: StandIn) -> None:
    content = bytes(range(256)) * 1000
    busy = error(503, "SERVICE_UNAVAILABLE", "Draining", Retry_After="0.001")
    gateway.answer("POST", "/upload-media", busy, Answer(drop=True), Answer(200, UPLOAD))
    client.upload("a.jpg", io.BytesIO(content), tags=["hero", "act 1, late"], metadata={"scene": 12})
    assert len({seen.headers["idempotency-key"] for seen in gateway.seen}) == 1
    assert len(gateway.seen) == 3
    for seen in gateway.seen:
        form = seen.form()
        assert form["file"] == [content]
        assert form["tags"] == [b'["hero", "act 1, late"]']
        assert form["metadata"] == [b'{"scene": 12}']


def test_two_uploads_have_different_idempotency_keys(client: Client, gateway: StandIn) -> None:
    gateway.answer("POST", "/upload-media", UPLOAD)
    client.upload("a.jpg", io.BytesIO(b"1"))
    client.upload("a.jpg", io.BytesIO(b"1"))
    first, second = (seen.headers["idempotency-key"] for seen in gateway.seen)
    assert first != second


def test_dropped_connection_is_tried_again(client: Client, gateway: StandIn) -> None:
    gateway.answer("GET", "/config", Answer(drop=True), Answer(200, {"revision": 1}))
    assert client.call("get-config") == {"revision": 1}


def test_nothing_listening_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        with Client(url) as client, pytest.raises(Unreachable) as caught:
            client.call("get-config")
    assert "make run" in caught.value.line()
    assert caught.value.exit_code == Exit.UNREACHABLE


def test_answer_that_is_not_json_is_named(client: Client, gateway: StandIn) -> None:
    gateway.answer("GET", "/config", Answer(200, b"<html>hello</html>"))
    with pytest.raises(Failure, match="other than JSON"):
        client.call("get-config")
    gateway.answer("GET", "/config", Answer(502, b"<html>bad gateway</html>"))
    with pytest.raises(ApiFailure, match="HTTP status 502"):
        client.call("get-config")


def test_stop_ends_a_wait_at_once(gateway: StandIn) -> None:
    gateway.answer("GET", "/config", error(429, "RATE_LIMITED", "Later", Retry_After="60"))
    client = Client(f"{gateway.url}/api/v1", on_wait=lambda seconds, why: client.stop.set())
    with client, pytest.raises(Stopped):
        client.call("get-config")
    assert len(gateway.seen) == 1
