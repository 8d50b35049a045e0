"""The OpenAPI document, built from the contracts alone: ``python -m dino_gateway.openapi`` prints it."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from dino_common import __version__
from dino_common.contracts import OPERATIONS, Operation
from dino_common.contracts.base import ErrorBody
from dino_common.contracts.jobs import Job, JobAccepted
from dino_gateway.openapi_operation import (
    BASE_PATH,
    RATE_HEADERS,
    describe,
    error_examples,
    has_json_body,
    share_errors,
)

_REF = "#/components/schemas/{model}"

_DESCRIPTION = """\
Visual intelligence on DINOv3: upload pictures and films, ask whether two show the same character, how good they are,
what is like them. Errors come in one envelope with a machine-readable `code`; every answer carries `X-Request-ID`.
Long work answers `202` with a job to follow unless it finishes within `?wait=` seconds."""

_TAGS = {
    "assets": "Uploading, listing, reading, tagging and deleting pictures and films.",
    "features": "Embeddings of the serving model.",
    "similarity": "Same character, best match, distances.",
    "quality": "Technical quality of pictures.",
    "search": "Nearest pictures of the library.",
    "batches": "Many pictures in one request, as jobs.",
    "jobs": "Following, waiting for and cancelling long work.",
    "config": "Thresholds in force, changed at run time.",
    "system": "Health, readiness, statistics, models.",
}


def public_operations() -> list[Operation]:
    """Return every operation that has a REST route, in the order of the contracts."""
    return [operation for operation in OPERATIONS.values() if operation.is_public]


@lru_cache(maxsize=1)
def build_openapi() -> dict[str, Any]:
    """Return the document as plain values; the same for every deployment of this version."""
    models: dict[tuple[type[BaseModel], Any], None] = {}
    for operation in public_operations():
        models[(operation.request, "validation")] = None
        if operation.response is not None:
            models[(operation.response, "serialization")] = None
    for shared in (ErrorBody, JobAccepted, Job):
        models[(shared, "serialization")] = None
    names, definitions = models_json_schema(list(models), ref_template=_REF)
    schemas: dict[str, Any] = dict(definitions.get("$defs", {}))
    references = {key: value["$ref"].rpartition("/")[2] for key, value in names.items()}

    paths: dict[str, dict[str, Any]] = {}
    used_tags: dict[str, None] = {}
    for operation in public_operations():
        assert operation.path is not None
        assert operation.method is not None
        request = schemas[references[(operation.request, "validation")]]
        answer = references.get((operation.response, "serialization")) if operation.response else None
        item = describe(operation, request, answer, schemas)
        paths.setdefault(BASE_PATH + operation.path, {})[operation.method.lower()] = item
        used_tags[operation.tag] = None

    # Requests that never travel as a body are described as parameters; their models would only confuse.
    for operation in public_operations():
        if not has_json_body(operation):
            schemas.pop(references[(operation.request, "validation")], None)
    responses = share_errors(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dinov3-platform",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": _TAGS.get(tag, tag)} for tag in used_tags],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "headers": RATE_HEADERS,
            "responses": responses,
            "examples": error_examples(),
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "From `dino keys`."},
                "Bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, or a JSON Web Token of the configured issuer.",
                },
            },
        },
    }


def openapi_json(*, pretty: bool = False) -> bytes:
    """Return the document as JSON in a stable order."""
    return orjson.dumps(build_openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if pretty else 0)


def main() -> None:
    """Print the document."""
    sys.stdout.buffer.write(openapi_json(pretty=True))


if __name__ == "__main__":
    main()
