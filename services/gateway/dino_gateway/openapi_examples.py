"""Examples of requests, from the models' own."""

from __future__ import annotations

import json
from typing import Any

from dino_common.contracts import Body, Operation, Scope
from dino_common.contracts.assets import EXAMPLE_ID

EXAMPLE_JOB = "0b1c0a4e-7a43-4a39-9d0e-0d4d3a3f9f11"
_PATH_EXAMPLES = {"job_id": EXAMPLE_JOB}


def path_example(field: str) -> str:
    """Return a value for a path field."""
    return _PATH_EXAMPLES.get(field, EXAMPLE_ID)


def body_example(operation: Operation) -> dict[str, Any] | None:
    """Return the model's own example without the path fields; None when it has none."""
    extra = operation.request.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    if not isinstance(examples, list) or not examples or not isinstance(examples[0], dict):
        return None
    return {name: value for name, value in examples[0].items() if name not in operation.path_fields}


def example_path(operation: Operation) -> str:
    """Return the path with an example in place of every field."""
    path = operation.path or ""
    for field in operation.path_fields:
        path = path.replace(f"{{{field}}}", path_example(field))
    return path


def curl(operation: Operation, base_path: str) -> str:
    """Return a shell line that calls the operation."""
    words = ["curl"]
    if operation.method != "GET":
        words.append(f"-X {operation.method}")
    if operation.scope is not Scope.PUBLIC:
        words.append('-H "X-API-Key: $DINO_API_KEY"')
    if operation.takes is Body.MULTIPART:
        words.append("-F file=@photo.jpg")
    elif (example := body_example(operation)) is not None:
        words.append(f"-H 'Content-Type: application/json' -d '{json.dumps(example)}'")
    words.append(f"http://localhost:3012{base_path}{example_path(operation)}")
    return " ".join(words)
