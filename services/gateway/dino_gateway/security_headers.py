"""Headers that keep browsers from misusing answers."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An API answer is data: nothing in it may run, be framed or load anything.
_API_POLICY = b"default-src 'none'; frame-ancestors 'none'"
# Swagger UI and ReDoc: their own scripts, styles that they write inline, pictures as data, a worker from a blob.
DOCS_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    b"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)
_COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_POLICY = b"content-security-policy"
_DOCS = ("/docs", "/redoc")


class SecurityHeaders:
    """Pure ASGI middleware; an answer that brings its own policy keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every HTTP answer; HSTS only when the client came by TLS."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = DOCS_POLICY if scope["path"].startswith(_DOCS) else _API_POLICY
        secure = scope.get("scheme") == "https"

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                headers += _COMMON
                if not any(name == _POLICY for name, _ in headers):
                    headers.append((_POLICY, policy))
                if secure:
                    headers.append(_HSTS)
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_safe)
