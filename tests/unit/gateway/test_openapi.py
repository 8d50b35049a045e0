"""The OpenAPI document is whole, current, and says of every operation what the contracts say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dino_common.contracts import (
    HTTP_STATUS,
    OPERATIONS,
    Body,
    ContractError,
    Scope,
    Service,
    operation_errors,
    owned_by,
)
from dino_common.settings import Settings
from dino_gateway.app import Gateway
from dino_gateway.dispatch import Dispatcher
from dino_gateway.openapi import build_openapi, openapi_json, public_operations
from dino_gateway.openapi_operation import has_json_body

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "api" / "openapi.json"
PUBLIC = public_operations()


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(openapi_json())


def item_of(document: dict, operation) -> dict:
    return document["paths"][f"/api/v1{operation.path}"][operation.method.lower()]


def test_the_kept_document_is_current():
    assert DOCUMENT.read_bytes() == openapi_json(pretty=True), "python -m dino_gateway.openapi > docs/api/openapi.json"


def test_every_reference_leads_somewhere(document):
    def walk(value):
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                target = document
                for step in reference.removeprefix("#/").split("/"):
                    target = target[step]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


@pytest.mark.parametrize("operation", PUBLIC, ids=lambda op: op.name)
def test_an_operation_is_described_whole(document, operation):
    item = item_of(document, operation)
    assert item["operationId"] == operation.name
    assert item["summary"]
    assert item["x-codeSamples"][0]["source"].startswith("curl")
    statuses = set(item["responses"])
    assert str(operation.status) in statuses
    assert {str(HTTP_STATUS[code]) for code in operation_errors(operation)} <= statuses
    assert ("202" in statuses) is operation.job
    assert item["security"] == ([] if operation.scope is Scope.PUBLIC else [{"ApiKey": []}, {"Bearer": []}])
    names = {parameter["name"] for parameter in item.get("parameters", ())}
    assert set(operation.path_fields) <= names
    assert ("wait" in names) is operation.job
    assert ("Idempotency-Key" in names) is operation.idempotency


@pytest.mark.parametrize("operation", [op for op in PUBLIC if has_json_body(op)], ids=lambda op: op.name)
def test_a_body_has_an_example_that_its_model_takes(document, operation):
    content = item_of(document, operation)["requestBody"]["content"]["application/json"]
    path = dict.fromkeys(operation.path_fields, "550e8400-e29b-41d4-a716-446655440000")
    operation.request.model_validate({**path, **content["example"]})
    schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    assert not set(operation.path_fields) & set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_fields_of_a_query_are_parameters(document):
    item = item_of(document, OPERATIONS["list-assets"])
    limit = next(parameter for parameter in item["parameters"] if parameter["name"] == "limit")
    assert (limit["in"], limit["schema"]["maximum"]) == ("query", 200)


def test_the_upload_is_a_form_with_a_file(document):
    body = item_of(document, OPERATIONS["upload-media"])["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["required"] == ["file"]
    assert {"file", "tags", "metadata"} == set(body["properties"])


def test_every_public_operation_has_a_route_and_no_other_is_routed():
    app = Gateway(Settings(DINO_AUTH="off")).app
    routed = {
        (method, route.path.removeprefix("/api/v1"))
        for route in app.routes
        for method in route.methods
        if route.path.startswith("/api/v1") and method != "HEAD"
    }
    assert routed == {(op.method, op.path) for op in PUBLIC}
    assert app.openapi() == build_openapi()


def test_a_gateway_that_misses_a_handler_does_not_start():
    names = [op.name for op in owned_by(Service.GATEWAY) if op.is_public]
    with pytest.raises(ContractError, match=names[0]):
        Dispatcher(None, dict.fromkeys(names[1:]), None)  # type: ignore[arg-type]
    Dispatcher(None, dict.fromkeys(names), None)  # type: ignore[arg-type]


def test_only_the_gateway_takes_forms_and_streams():
    for operation in PUBLIC:
        if operation.takes is Body.MULTIPART or operation.gives in (Body.EVENTS, Body.TEXT):
            assert operation.service is Service.GATEWAY
