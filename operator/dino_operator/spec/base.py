"""What every part of the resource shares: camelCase names, Kubernetes' scalar forms, and rules with messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition across fields, checked by the API server (CEL) and here (Python) with the same message.

    Attributes:
        cel: the expression over ``self``.
        message: what is wrong and how to mend it.
        holds: the same condition over the model; None for one that needs the old object (``oldSelf``).
        path: the field the API server names, such as ``.replicas``; empty for the object itself.
    """

    cel: str
    message: str
    holds: Callable[[Any], bool] | None = None
    path: str = ""

    def schema(self) -> dict[str, str]:
        """Return the rule as an entry of ``x-kubernetes-validations``."""
        entry = {"rule": self.cel, "message": self.message}
        return entry | {"fieldPath": self.path} if self.path else entry


class Part(BaseModel):
    """A frozen part of the resource. Unknown fields are dropped, as the API server does, so newer resources load."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", protected_namespaces=()
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Write the rules into the schema of the part."""
        schema = handler(core_schema)
        if cls.rules:
            handler.resolve_ref_schema(schema)["x-kubernetes-validations"] = [rule.schema() for rule in cls.rules]
        return schema

    @model_validator(mode="after")
    def _keep_rules(self) -> Part:
        for rule in self.rules:
            if rule.holds is not None and not rule.holds(self):
                raise PydanticCustomError("rule", "{message}", {"message": rule.message})
        return self


P = TypeVar("P", bound=Part)


def part(model: type[P], description: str) -> Any:
    """Return a field that holds a part and is there, with the part's own defaults, when nothing is written."""
    return Field(default_factory=model, description=description, json_schema_extra={"default": {}})


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


QUANTITY_PATTERN = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"
# CPU, memory or storage: 500m, 2, 4Gi. Numbers are taken and become text, which server-side apply wants.
Quantity = Annotated[
    str,
    Field(pattern=QUANTITY_PATTERN, json_schema_extra={"x-kubernetes-int-or-string": True}),
    BeforeValidator(_as_text),
]
# A length of time: 500ms, 30s, 10m, 24h, 7d.
Duration = Annotated[str, Field(pattern=r"^[0-9]+(ms|s|m|h|d)$", max_length=16)]
# A count or a share of the replicas: 1 or "25%".
CountOrPercent = Annotated[
    str,
    Field(pattern=r"^[0-9]+%?$", json_schema_extra={"x-kubernetes-int-or-string": True}),
    BeforeValidator(_as_text),
]
# Part of the Kubernetes API that is passed on as it is.
Verbatim = Annotated[
    dict[str, Any], Field(json_schema_extra={"type": "object", "x-kubernetes-preserve-unknown-fields": True})
]
Name = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
SecretKey = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(duration: str) -> int:
    """Return a Duration in milliseconds."""
    digits = duration.rstrip("dhms")
    return int(digits) * _MILLISECONDS[duration[len(digits) :]]


def count_or_percent(value: str) -> int | str:
    """Return a CountOrPercent as the API takes it: a whole number, or text that ends in %."""
    return value if value.endswith("%") else int(value)
