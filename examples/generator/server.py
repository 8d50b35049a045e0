"""HTTP side of the example generator: the contract of docs/generator.md over the standard library's server."""

from __future__ import annotations

import base64
import binascii
import io
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from examples.generator.variation import variation
from PIL import Image, UnidentifiedImageError

MOST_BODY = 64 * 1024 * 1024


@dataclass
class Choices:
    """How the server behaves.

    Attributes:
        key: asked for as a bearer token; empty asks for none.
        strength: how far the first picture of a character departs from its reference, 0–1; each picture that was
            sent back divides it by five.
        answer: the picture itself, JSON that holds it, or JSON that names its address.
        made: pictures by their address, for ``answer="url"``.
    """

    key: str = ""
    strength: float = 0.05
    answer: Literal["bytes", "json", "url"] = "bytes"
    made: dict[str, bytes] = field(default_factory=dict)


class Refused(Exception):
    """The request cannot be served; ``status`` says why."""

    def __init__(self, status: int, words: str) -> None:
        """Keep the status beside the words."""
        super().__init__(words)
        self.status = status


def make_picture(order: dict[str, Any], strength: float) -> bytes:
    """Return the JPEG that answers an order; Refused when it cannot be read."""
    try:
        reference = Image.open(io.BytesIO(base64.b64decode(order["reference"]["data"], validate=True)))
        reference.load()
        size, seed = (int(order["width"]), int(order["height"])), int(order["seed"])
        sent_back = len(order.get("previous") or [])
    except (KeyError, TypeError, ValueError, binascii.Error, UnidentifiedImageError, OSError) as error:
        raise Refused(422, f"the order cannot be read: {type(error).__name__}") from error
    out = io.BytesIO()
    variation(reference, size, seed, strength / 5**sent_back).save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


def serve(port: int, choices: Choices) -> ThreadingHTTPServer:
    """Return a server on 127.0.0.1; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            try:
                order = self._order()
                picture = make_picture(order, choices.strength)
            except Refused as error:
                self._json(error.status, {"error": str(error)})
                return
            facts = {name: order.get(name) for name in ("request_id", "attempt", "seed", "previous")}
            print(json.dumps(facts), flush=True)
            if choices.answer == "bytes":
                self._send(200, "image/jpeg", picture)
            elif choices.answer == "json":
                self._json(200, {"image": base64.b64encode(picture).decode()})
            else:
                path = f"/pictures/{len(choices.made)}.jpg"
                choices.made[path] = picture
                self._json(200, {"url": path})

        def do_GET(self) -> None:
            picture = choices.made.get(self.path)
            if picture is None:
                self._json(404, {"error": "no such picture"})
            else:
                self._send(200, "image/jpeg", picture)

        def _order(self) -> dict[str, Any]:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MOST_BODY:
                self.close_connection = True
                raise Refused(413, "the order is too large")
            body = self.rfile.read(length)
            if choices.key and self.headers.get("Authorization") != f"Bearer {choices.key}":
                raise Refused(401, "wrong key")
            try:
                order = json.loads(body)
            except ValueError:
                raise Refused(400, "the order is not JSON") from None
            if not isinstance(order, dict) or order.get("version") != 1:
                raise Refused(400, "only orders of version 1 are understood")
            return order

        def _json(self, status: int, fields: dict[str, Any]) -> None:
            self._send(status, "application/json", json.dumps(fields).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Orders are logged by themselves."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
