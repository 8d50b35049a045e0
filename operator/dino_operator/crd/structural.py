"""From pydantic's JSON schema to the structural OpenAPI v3 schema that Kubernetes takes.

Structural means: no references, every node has a type, and nothing but value bounds inside ``anyOf``
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_KEPT = (
    "type",
    "format",
    "description",
    "default",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
)
_INT_OR_STRING = "x-kubernetes-int-or-string"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_LARGEST_INT32 = 2**31 - 1


def structural_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the structural schema of a model's instances, by their camelCase names.

    Raises:
        ValueError: the model holds something that has no structural form, such as a union of two parts.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _node(schema, schema.get("$defs", {}))


def _node(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _resolved(schema, definitions)
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    node = {key: schema[key] for key in _KEPT if key in schema and not (key == "default" and schema[key] is None)}
    node |= {key: value for key, value in schema.items() if key.startswith("x-kubernetes-")}
    if schema.get(_INT_OR_STRING):
        del node["type"]
        node["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        return node
    if "type" not in node:
        raise ValueError(f"no structural form: {schema}")
    if node["type"] == "integer":
        node["format"] = "int32" if schema.get("maximum", _LARGEST_INT32 + 1) <= _LARGEST_INT32 else "int64"
    if node["type"] == "array":
        node["items"] = _node(schema["items"], definitions)
    if node["type"] == "object" and not schema.get(_PRESERVE):
        if "properties" in schema:
            node["properties"] = {name: _node(item, definitions) for name, item in schema["properties"].items()}
            if node.get("default") == {}:
                node["default"] = _defaults_of(node["properties"])
        else:
            node["additionalProperties"] = _node(schema["additionalProperties"], definitions)
    return node


def _defaults_of(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the default of an object in full: the API server checks rules on it before it fills in the inner ones."""
    return {name: child["default"] for name, child in properties.items() if "default" in child}


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Put references and optional values in line; what stands beside a reference wins over its target."""
    if (options := schema.get("anyOf")) is not None:
        # Optional means absent: Kubernetes drops null where it is not allowed.
        (only,) = [option for option in options if option.get("type") != "null"]
        beside = {key: value for key, value in schema.items() if key != "anyOf"}
        return _resolved({**only, **beside}, definitions)
    if (reference := schema.get("$ref")) is not None:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _resolved({**definitions[reference.rpartition("/")[2]], **beside}, definitions)
    return schema
