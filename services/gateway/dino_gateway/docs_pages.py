"""Swagger UI and ReDoc, served from a package: they work without the internet and under a strict policy."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dino_common.errors import NotFound
from dino_gateway.call import call_of
from dino_gateway.openapi import openapi_json

_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "redoc.standalone.js": "text/javascript",
    "favicon.png": "image/png",
}
_START = """\
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dinov3-platform: {title}</title>
<link rel="icon" href="/docs/assets/favicon.png">
{head}
</head>
<body style="margin:0">
{body}
</body>
</html>
"""
_SWAGGER = _PAGE.format(
    title="API",
    head='<link rel="stylesheet" href="/docs/assets/swagger-ui.css">',
    body='<div id="swagger-ui"></div>\n<script src="/docs/assets/swagger-ui-bundle.js"></script>\n'
    '<script src="/docs/assets/start.js"></script>',
)
_REDOC = _PAGE.format(
    title="API reference",
    head="",
    body='<redoc spec-url="/openapi.json"></redoc>\n<script src="/docs/assets/redoc.standalone.js"></script>',
)


@lru_cache(maxsize=8)
def _asset(name: str) -> tuple[bytes, str]:
    if name == "start.js":
        return _START.encode(), "text/javascript"
    # Only the package's files are wanted; importing it would bring its own application class.
    spec = importlib.util.find_spec("fastapi_offline")
    if name not in _FILES or spec is None or spec.origin is None:
        raise NotFound("No such path")
    return (Path(spec.origin).parent / "static" / name).read_bytes(), _FILES[name]


async def _swagger(request: Request) -> Response:
    call_of(request.scope).route = "/docs"
    return HTMLResponse(_SWAGGER)


async def _redoc(request: Request) -> Response:
    call_of(request.scope).route = "/redoc"
    return HTMLResponse(_REDOC)


async def _serve_asset(request: Request) -> Response:
    call_of(request.scope).route = "/docs/assets/{name}"
    content, kind = _asset(request.path_params["name"])
    return Response(content, media_type=kind, headers={"Cache-Control": "public, max-age=86400"})


@lru_cache(maxsize=1)
def _document() -> bytes:
    return openapi_json()


async def _openapi(request: Request) -> Response:
    call_of(request.scope).route = "/openapi.json"
    return Response(_document(), media_type="application/json")


def docs_routes() -> list[Route]:
    """Return the routes of ``/docs``, ``/redoc`` and ``/openapi.json``."""
    return [
        Route("/docs", _swagger, methods=["GET"]),
        Route("/redoc", _redoc, methods=["GET"]),
        Route("/docs/assets/{name}", _serve_asset, methods=["GET"]),
        Route("/openapi.json", _openapi, methods=["GET"]),
    ]
