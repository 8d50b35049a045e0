"""The declarations hold together and every owner answers for exactly its own operations."""

import pytest
from pydantic import BaseModel

from dino_common import errors
from dino_common.contracts import (
    HTTP_STATUS,
    OPERATIONS,
    Body,
    ContractError,
    ErrorCode,
    Service,
    check_handlers,
    operation_errors,
    owned_by,
)


def test_every_documented_code_has_a_status_and_an_exception():
    for code in ErrorCode:
        rebuilt = errors.from_wire({"code": code.value, "message": "m"})
        assert rebuilt.code is code
        assert rebuilt.status == HTTP_STATUS[code]
        assert rebuilt.details


def test_error_survives_the_wire():
    sent = errors.ServiceUnavailable("full", details="wait", retry_after=3)
    got = errors.from_wire(sent.to_wire())
    assert type(got) is errors.ServiceUnavailable
    assert (got.message, got.details, got.retry_after) == ("full", "wait", 3)


def test_unknown_code_becomes_processing_failed():
    assert isinstance(errors.from_wire({"code": "NEW", "message": "x"}), errors.ProcessingFailed)


def test_missing_handler_is_refused():
    names = [op.name for op in owned_by(Service.ANALYTICS)]
    with pytest.raises(ContractError, match=names[0]):
        check_handlers(Service.ANALYTICS, names[1:], owned_by(Service.ANALYTICS))


def test_foreign_handler_is_refused():
    names = [op.name for op in owned_by(Service.ANALYTICS)]
    with pytest.raises(ContractError, match="extract-features"):
        check_handlers(Service.ANALYTICS, [*names, "extract-features"], owned_by(Service.ANALYTICS))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda op: op.name)
def test_operation_is_described(operation):
    if operation.is_public:
        assert operation.method
        assert operation.path.startswith("/")
        assert operation.summary
        assert ErrorCode.INVALID_REQUEST in operation_errors(operation)
    for model in (operation.request, operation.response):
        if model is not None:
            assert issubclass(model, BaseModel)
            assert model.__doc__


@pytest.mark.parametrize(
    "operation",
    [op for op in OPERATIONS.values() if op.method in ("POST", "PUT", "PATCH") and op.takes is not Body.MULTIPART],
    ids=lambda op: op.name,
)
def test_request_example_is_valid(operation):
    examples = operation.request.model_config["json_schema_extra"]["examples"]
    assert examples
    for example in examples:
        path = {name: "550e8400-e29b-41d4-a716-446655440000" for name in operation.path_fields}
        operation.request.model_validate({**example, **path})


@pytest.mark.parametrize(
    "model",
    [
        op.response
        for op in OPERATIONS.values()
        if op.response and isinstance(op.response.model_config.get("json_schema_extra"), dict)
    ],
    ids=lambda model: model.__name__,
)
def test_response_example_is_valid(model):
    for example in model.model_config["json_schema_extra"]["examples"]:
        model.model_validate(example)


def test_documents_operations_are_there():
    routes = {(op.method, op.path) for op in OPERATIONS.values()}
    assert {
        ("POST", "/upload-media"),
        ("POST", "/extract-features"),
        ("POST", "/validate-consistency"),
        ("POST", "/analyze-quality"),
        ("POST", "/find-best-match"),
        ("POST", "/batch-similarity"),
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("GET", "/stats"),
        ("PUT", "/config/similarity-threshold"),
    } <= routes


@pytest.mark.parametrize(
    "body",
    [
        {"asset_id_1": "550e8400-e29b-41d4-a716-446655440000"},
        {
            "asset_id_1": "550e8400-e29b-41d4-a716-446655440000",
            "test_asset_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        },
        {"asset_id_1": "not-an-id", "asset_id_2": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"},
        {
            "asset_id_1": "550e8400-e29b-41d4-a716-446655440000",
            "asset_id_2": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
            "thresold": 80,
        },
    ],
    ids=["half a pair", "mixed names", "malformed id", "unknown field"],
)
def test_bad_pair_is_refused(body):
    with pytest.raises(ValueError):
        OPERATIONS["validate-consistency"].request.model_validate(body)


def test_both_documents_name_the_same_pair():
    model = OPERATIONS["validate-consistency"].request
    one, two = "550e8400-e29b-41d4-a716-446655440000", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    assert (
        model.model_validate({"asset_id_1": one, "asset_id_2": two}).pair
        == model.model_validate({"reference_asset_id": one, "test_asset_id": two}).pair
        == (one, two)
    )
