"""One operation in OpenAPI: parameters, body, answers, errors, security and a line to try it with."""

from __future__ import annotations

import copy
from typing import Any

from dino_common.contracts import ADVICE, HTTP_STATUS, Body, ErrorCode, Operation, RateClass, Scope, operation_errors
from dino_gateway.openapi_examples import body_example, curl, path_example
from dino_gateway.sniff import ACCEPTED

BASE_PATH = "/api/v1"
_ERROR = {"$ref": "#/components/schemas/ErrorBody"}
_RATE_NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
RATE_HEADERS: dict[str, Any] = {
    "X-Request-ID": {"description": "Id of the request, also in logs and traces.", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {"description": "Requests a minute.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Requests left in this minute.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "When the minute ends, Unix time.", "schema": {"type": "integer"}},
    "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}},
    "Idempotent-Replayed": {
        "description": "`true` when this is the kept answer of an earlier request with the same Idempotency-Key.",
        "schema": {"type": "string"},
    },
}


def has_json_body(operation: Operation) -> bool:
    """Return whether the request's fields beside the path's travel as a JSON body."""
    others = set(operation.request.model_fields) - set(operation.path_fields)
    return operation.method in ("POST", "PUT", "PATCH") and operation.takes is Body.JSON and bool(others)


def describe(
    operation: Operation, request: dict[str, Any], answer: str | None, schemas: dict[str, Any]
) -> dict[str, Any]:
    """Return the operation object.

    Args:
        operation: from the contracts.
        request: JSON schema of its request model.
        answer: name of its response's schema; None for answers that are not JSON.
        schemas: of the document; a body whose path fields were taken out is added here.
    """
    item: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description or operation.summary,
    }
    if parameters := _parameters(operation, request):
        item["parameters"] = parameters
    if body := _body(operation, request, schemas):
        item["requestBody"] = body
    item["responses"] = _responses(operation, answer)
    item["security"] = [] if operation.scope is Scope.PUBLIC else [{"ApiKey": []}, {"Bearer": []}]
    if operation.scope is not Scope.PUBLIC:
        item["x-scope"] = operation.scope.value
    item["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": curl(operation, BASE_PATH)}]
    return item


def _parameters(operation: Operation, request: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    properties, required = request.get("properties", {}), request.get("required", [])
    for name in operation.path_fields:
        found.append(_parameter(name, "path", properties[name], True, path_example(name)))
    if not has_json_body(operation) and operation.takes is Body.JSON:
        for name, schema in properties.items():
            if name not in operation.path_fields:
                found.append(_parameter(name, "query", schema, name in required, None))
    if operation.job:
        wait = {
            "type": "number",
            "minimum": 0,
            "maximum": 300,
            "default": 30,
            "description": "Seconds to wait for the result before answering 202.",
        }
        found.append(_parameter("wait", "query", wait, False, 30))
    if operation.idempotency:
        key = {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[!-~]([ -~]{0,253}[!-~])?$",
            "description": "A repeated request with the same key gets the first one's answer and does nothing again.",
        }
        found.append(_parameter("Idempotency-Key", "header", key, False, None))
    if operation.gives is Body.BINARY:
        tag = {"type": "string", "description": "ETag of a copy; 304 when it is still right."}
        found.append(_parameter("If-None-Match", "header", tag, False, None))
    if operation.name == "get-asset-content":
        part = {"type": "string", "description": "One byte range, such as `bytes=0-1023`."}
        found.append(_parameter("Range", "header", part, False, None))
    return found


def _parameter(name: str, place: str, schema: dict[str, Any], required: bool, example: Any) -> dict[str, Any]:
    schema = _without_null(copy.deepcopy(schema))
    item: dict[str, Any] = {"name": name, "in": place, "required": required}
    if description := schema.pop("description", None):
        item["description"] = description
    schema.pop("title", None)
    if schema.get("default", 0) is None:
        del schema["default"]
    item["schema"] = schema
    if example is not None:
        item["example"] = example
    return item


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query cannot say null: a field that is left out is what the model calls null."""
    kinds = schema.get("anyOf")
    if not kinds:
        return schema
    rest = [kind for kind in kinds if kind.get("type") != "null"]
    if len(rest) == 1:
        return {**{k: v for k, v in schema.items() if k != "anyOf"}, **rest[0]}
    return {**schema, "anyOf": rest}


def _body(operation: Operation, request: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any] | None:
    if operation.takes is Body.MULTIPART:
        return _form(request)
    if not has_json_body(operation):
        return None
    name = operation.request.__name__
    if operation.path_fields:
        reduced = copy.deepcopy(request)
        for field in operation.path_fields:
            reduced["properties"].pop(field, None)
        reduced["required"] = [f for f in reduced.get("required", []) if f not in operation.path_fields]
        name = f"{name}Body"
        reduced["title"] = name
        if not reduced["required"]:
            del reduced["required"]
        schemas[name] = reduced
        request = reduced
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if (example := body_example(operation)) is not None:
        content["example"] = example
    return {"required": bool(request.get("required")), "content": {"application/json": content}}


def _form(request: dict[str, Any]) -> dict[str, Any]:
    fields = copy.deepcopy(request.get("properties", {}))
    file = {"type": "string", "format": "binary", "description": "JPEG, PNG, WEBP, MP4, MOV, MKV or WebM."}
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": file, **fields},
        "additionalProperties": False,
    }
    encoding = {"file": {"contentType": ", ".join(kind.content_type for kind in ACCEPTED)}}
    encoding |= {name: {"contentType": "application/json"} for name in ("metadata", "filters") if name in fields}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}


def _responses(operation: Operation, answer: str | None) -> dict[str, Any]:
    headers = {"X-Request-ID": _header("X-Request-ID")}
    if operation.rate is not RateClass.NONE:
        headers |= {name: _header(name) for name in _RATE_NAMES}
    success = dict(headers)
    if operation.idempotency:
        success["Idempotent-Replayed"] = _header("Idempotent-Replayed")
    found: dict[str, Any] = {
        str(operation.status): {
            "description": "Success.",
            "headers": success,
            "content": _success(operation, answer),
        }
    }
    if operation.job:
        location = {"description": "Where the job is.", "schema": {"type": "string"}}
        found["202"] = {
            "description": "The work goes on as a job.",
            "headers": {**success, "Location": location, "Retry-After": _header("Retry-After")},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobAccepted"}}},
        }
    if operation.gives is Body.BINARY:
        found["304"] = {"description": "The client's copy is still right.", "headers": headers}
    if operation.name == "get-asset-content":
        found["206"] = {
            "description": "The bytes of the range.",
            "headers": headers,
            "content": _success(operation, None),
        }
        found["416"] = {"description": "No byte of the file lies in the range.", "headers": headers}
    for status, codes in _errors(operation).items():
        found[str(status)] = _error(operation, status, codes, answer, headers)
    return dict(sorted(found.items()))


def _success(operation: Operation, answer: str | None) -> dict[str, Any]:
    if answer is not None:
        found: dict[str, Any] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}}}
        if operation.drawing is not None:
            found["image/png"] = {"schema": {"type": "string", "format": "binary"}}
        return found
    if operation.gives is Body.BINARY:
        kinds = [kind.content_type for kind in ACCEPTED] if operation.name == "get-asset-content" else []
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {kind: binary for kind in kinds or [operation.media_type]}
    return {operation.media_type: {"schema": {"type": "string"}}}


def _errors(operation: Operation) -> dict[int, list[ErrorCode]]:
    by_status: dict[int, list[ErrorCode]] = {}
    codes = operation_errors(operation)
    if has_json_body(operation):
        codes = (*codes, ErrorCode.FILE_TOO_LARGE)
    for code in dict.fromkeys(codes):
        by_status.setdefault(HTTP_STATUS[code], []).append(code)
    return by_status


def _error(
    operation: Operation, status: int, codes: list[ErrorCode], answer: str | None, headers: dict[str, Any]
) -> dict[str, Any]:
    schema: dict[str, Any] = _ERROR
    if status == 503 and operation.name in ("ready", "health"):
        schema = {"anyOf": [{"$ref": f"#/components/schemas/{answer}"}, _ERROR]}
    headers = dict(headers)
    if status in (429, 503, 409):
        headers["Retry-After"] = _header("Retry-After")
    if status == 401:
        headers["WWW-Authenticate"] = {"description": "How to authenticate.", "schema": {"type": "string"}}
    examples = {code.value: {"$ref": f"#/components/examples/{code.value}"} for code in codes}
    return {
        "description": "; ".join(f"`{code.value}`: {ADVICE[code]}" for code in codes),
        "headers": headers,
        "content": {"application/json": {"schema": schema, "examples": examples}},
    }


def share_errors(paths: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Replace error answers that several operations have in common by references; return them by name."""
    shared: dict[str, Any] = {}
    for operations in paths.values():
        for item in operations.values():
            for status, response in item["responses"].items():
                codes = list(response.get("content", {}).get("application/json", {}).get("examples", {}))
                if int(status) < 400 or not codes:
                    continue
                plain = name = "_or_".join(codes)
                number = 1
                while shared.setdefault(name, response) != response:
                    number += 1
                    name = f"{plain}_{number}"
                item["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))


def error_examples() -> dict[str, Any]:
    """Return an example of every error, by code."""
    return {
        code.value: {
            "value": {
                "error": {
                    "code": code.value,
                    "message": ADVICE[code],
                    "details": ADVICE[code],
                    "timestamp": "2026-01-05T10:00:00.000Z",
                    "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                }
            }
        }
        for code in ErrorCode
    }


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}
