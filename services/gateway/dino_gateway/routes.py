"""Routes of every public operation, one a path, so that a wrong method is answered with all the right ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dino_common.contracts import Operation
from dino_gateway.call import call_of
from dino_gateway.openapi import public_operations
from dino_gateway.openapi_operation import BASE_PATH

Answer = Callable[[Operation, Request], Awaitable[Response]]


def build_routes(answer: Answer) -> list[Route]:
    """Return a route for every path of the contracts.

    Args:
        answer: answers a request of an operation.
    """
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in public_operations():
        assert operation.path is not None
        assert operation.method is not None
        by_path.setdefault(BASE_PATH + operation.path, {})[operation.method] = operation
    # Fixed paths first: /characters/new must not be taken for an id.
    ordered = sorted(by_path.items(), key=lambda item: item[0].count("{"))
    return [
        Route(path, _endpoint(path, methods, answer), methods=list(methods), include_in_schema=False)
        for path, methods in ordered
    ]


def _endpoint(path: str, methods: dict[str, Operation], answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        call = call_of(request.scope)
        call.operation, call.route = operation, path
        return await answer(operation, request)

    return endpoint
