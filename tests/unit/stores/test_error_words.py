"""What a user reads when a store is away or refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from dino_common.errors import AssetNotFound, DinoError, ProcessingFailed, ServiceUnavailable
from dino_common.stores.mongo import Mongo, _host
from dino_common.stores.object_client import show_host
from dino_common.stores.object_errors import translated


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("mongodb://user:p%40ss@db.example:27017/x?w=1", "db.example:27017"),
        ("mongodb+srv://user:pass@cluster.example.net/x", "cluster.example.net"),
        ("mongodb://a:1,b:2/x", "a:1,b:2"),
        ("mongodb://u:p@ss@host:1/x", "host:1"),
        ("mongodb://host?w=1", "host"),
        ("", "an unnamed host"),
    ],
)
def test_host_of_a_url_never_holds_credentials(url: str, host: str) -> None:
    assert _host(url) == host


def test_host_of_an_endpoint_never_holds_credentials() -> None:
    assert show_host("https://key:secret@s3.example:9000/x") == "s3.example:9000"


@pytest.fixture
def mongo() -> Mongo:
    return Mongo(client=None, db=None, host="db.example:27017")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("x"),
        NetworkTimeout("x"),
        ServerSelectionTimeoutError("x"),
        ExecutionTimeout("x", 50),
        OperationFailure("auth", 18),
    ],
)
def test_lost_or_refusing_document_store_is_unavailable(mongo: Mongo, error: Exception) -> None:
    with pytest.raises(ServiceUnavailable, match=r"MongoDB at db\.example:27017") as caught, mongo.guard():
        raise error
    assert caught.value.retry_after
    assert "MONGODB_URL" in caught.value.details


@pytest.mark.parametrize("error", [OperationFailure("bad query", 2), ValueError("bug"), AssetNotFound("x")])
def test_other_faults_pass_unchanged(mongo: Mongo, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, mongo.guard():
        raise error
    assert caught.value is error


def _client_error(code: str, status: int) -> Callable[[], ClientError]:
    return lambda: ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[arg-type]
        "GetObject",
    )


@pytest.mark.parametrize(
    ("make", "expected", "words"),
    [
        (_client_error("NoSuchKey", 404), AssetNotFound, "media/x"),
        (_client_error("404", 404), AssetNotFound, "media/x"),
        (_client_error("NoSuchBucket", 404), ServiceUnavailable, "no bucket 'b'"),
        (_client_error("SignatureDoesNotMatch", 403), ServiceUnavailable, "refuses the credentials"),
        (_client_error("SlowDown", 503), ServiceUnavailable, "does not answer"),
        (_client_error("InvalidPart", 400), ProcessingFailed, "InvalidPart"),
        (NoCredentialsError, ServiceUnavailable, "without credentials"),
        (lambda: EndpointConnectionError(endpoint_url="http://h/"), ServiceUnavailable, "does not answer"),
        (lambda: ReadTimeoutError(endpoint_url="http://h/"), ServiceUnavailable, "does not answer"),
        (lambda: ConnectionResetError("reset"), ServiceUnavailable, "does not answer"),
    ],
)
def test_object_store_faults_are_typed(make: Callable[[], Exception], expected: type[DinoError], words: str) -> None:
    with pytest.raises(expected, match=words), translated("h:1", "b", "media/x"):
        raise make()
