"""Write the tables of docs/api.md from the contracts: ``python -m docs.generate_operations``."""

from __future__ import annotations

from docs.generated_block import DOCS, table, write

from dino_common.contracts import ADVICE, HTTP_STATUS, OPERATIONS, Body, ErrorCode, Operation, RateClass, Scope

PAGE = DOCS / "api.md"


def _answer(operation: Operation) -> str:
    if operation.gives is Body.JSON:
        return "JSON" + (", or 202 and a job" if operation.job else "")
    return {
        Body.BINARY: operation.media_type if operation.media_type != "application/octet-stream" else "the file",
        Body.EVENTS: "server-sent events",
        Body.TEXT: "text",
    }[operation.gives]


def _row(operation: Operation) -> tuple[str, ...]:
    return (
        f"`{operation.method} {operation.path}`",
        operation.summary,
        "none" if operation.scope is Scope.PUBLIC else operation.scope.value,
        "none" if operation.rate is RateClass.NONE else operation.rate.value,
        f"{operation.timeout_s:g} s",
        "yes" if operation.idempotency else "",
        _answer(operation),
        operation.service.value,
    )


def operations() -> str:
    """Return one table of operations for each tag, in the order of the declarations."""
    tags = dict.fromkeys(operation.tag for operation in OPERATIONS.values() if operation.is_public)
    head = ("operation", "what it does", "scope", "rate", "deadline", "`Idempotency-Key`", "answers", "owner")
    return "\n\n".join(
        f"### {tag}\n\n" + table(head, [_row(o) for o in OPERATIONS.values() if o.is_public and o.tag == tag])
        for tag in tags
    )


def errors() -> str:
    """Return the table of error codes."""
    return table(
        ("code", "status", "what to do"),
        [(f"`{code.value}`", str(HTTP_STATUS[code]), ADVICE[code]) for code in ErrorCode],
    )


if __name__ == "__main__":
    write(PAGE, {"operations": operations(), "errors": errors()})
