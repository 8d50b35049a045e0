"""Write the table of fields in crd.md: ``python -m docs.generate_crd``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generated_block import DOCS, table, write
from docs.places import FIELDS, FIXED

from dino_operator.crd import definition

PAGE = DOCS / "crd.md"


def content() -> str:
    """Return a table for each part of the spec, and the rules across fields."""
    schema = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec = schema["properties"]["spec"]
    found: list[str] = []
    for name, part in spec["properties"].items():
        rows = list(_rows(name, part, name in spec["required"]))
        found += [f"### spec.{name}", table(("field", "type", "default", "meaning"), rows)]
    rules = [(f"`{path}`", message) for path, message in _rules("", schema)]
    found += ["### Rules across fields", table(("of", "what is said when it is broken"), rules)]
    return "\n\n".join(found)


def variables() -> str:
    """Return the tables of environment variables and the fields that set them."""
    rows = [(f"`{variable}`", f"`{field}`") for variable, field in FIELDS.items()]
    fixed = [(f"`{variable}`", why) for variable, why in FIXED.items()]
    return (
        f"{table(('variable', 'field'), rows)}\n\nSet by the operator alone:\n\n{table(('variable', 'value'), fixed)}"
    )


def blocks() -> dict[str, str]:
    """Return every written part of the page."""
    return {"fields": content(), "variables": variables()}


def _rows(path: str, schema: dict[str, Any], required: bool) -> Iterator[tuple[str, str, str, str]]:
    default = schema.get("default")
    # Parts have the defaults of their fields, which have rows of their own.
    hidden = default in (None, {}, []) or "properties" in schema
    shown = "required" if required else "" if hidden else f"`{default}`"
    yield f"`{path}`", _type(schema), shown, _text(schema)
    items = schema.get("items") if schema["type"] == "array" else schema.get("additionalProperties")
    suffix = "[]" if schema["type"] == "array" else ".*"
    inner, prefix = (items, path + suffix) if items else (schema, path)
    for name, child in inner.get("properties", {}).items():
        yield from _rows_of_child(f"{prefix}.{name}", child, name in inner.get("required", ()))


def _rows_of_child(path: str, child: dict[str, Any], required: bool) -> Iterator[tuple[str, str, str, str]]:
    if "type" in child:
        yield from _rows(path, child, required)
        return
    default = f"`{child['default']}`" if "default" in child else "required" if required else ""
    yield f"`{path}`", "quantity", default, _text(child)


def _text(schema: dict[str, Any]) -> str:
    # Angle brackets would be taken for HTML.
    return schema.get("description", "").replace("<", "&lt;")


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " \\| ".join(f"`{value}`" for value in schema["enum"]).replace("\\|", "or")
    low, high = schema.get("minimum"), schema.get("maximum")
    span = f" {low}–{high}" if low is not None and high is not None else f" ≥ {low}" if low is not None else ""
    return schema["type"] + span


def _rules(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield path or "the resource", rule["message"].replace("<", "&lt;")
    for name, child in schema.get("properties", {}).items():
        yield from _rules(f"{path}.{name}".removeprefix("."), child)


if __name__ == "__main__":
    write(PAGE, blocks())
