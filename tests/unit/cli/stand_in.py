"""A small real HTTP server that speaks the contract's shapes, for tests of how the command line behaves."""

from __future__ import annotations

import json
import socket
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dino_common.contracts import OPERATIONS

BASE = "/api/v1"
WHEN = "2026-01-05T10:00:00.000Z"


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, list[bytes]]:
        """Fields of a multipart form by name."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        fields: dict[str, list[bytes]] = defaultdict(list)
        for part in BytesParser().parsebytes(head + self.body).get_payload():
            fields[str(part.get_param("name", header="content-disposition"))].append(part.get_payload(decode=True))
        return fields


@dataclass
class Answer:
    """What to answer; ``content`` is JSON unless it is bytes, ``drop`` closes the connection."""

    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    wait_for: threading.Event | None = None


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    """Return an error in the documents' envelope."""
    detail = {"code": code, "message": message, "details": "Do this.", "timestamp": WHEN, "request_id": "req-77"}
    return Answer(status, {"error": detail}, {name.replace("_", "-"): value for name, value in headers.items()})


def example(operation: str, **changes: Any) -> dict[str, Any]:
    """Return the contract's example answer with changes, checked against the contract's model."""
    model = OPERATIONS[operation].response
    assert model is not None
    content = model.model_config["json_schema_extra"]["examples"][0] | changes  # type: ignore[index, call-overload]
    model.model_validate(content)
    return content


def checked(operation: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return the content once the contract's model has accepted it."""
    model = OPERATIONS[operation].response
    assert model is not None
    model.model_validate(content)
    return content


class StandIn:
    """The server; ``answer`` scripts a route, the last answer of a route is repeated."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._arrived = threading.Condition()
        self._routes: dict[tuple[str, str], deque[Answer]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, *answers: Answer | dict[str, Any]) -> None:
        made = [item if isinstance(item, Answer) else Answer(200, item) for item in answers]
        self._routes[method, path] = deque(made)

    def requests(self, method: str, path: str) -> list[Seen]:
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, path)]

    def wait_for_requests(self, count: int, seconds: float = 20) -> bool:
        """Wait until ``count`` requests have arrived; False when the time is over."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.seen) >= count, seconds)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next(self, method: str, path: str) -> Answer:
        answers = self._routes.get((method, path))
        if not answers:
            return error(404, "NOT_FOUND", f"no route {method} {path}")
        return answers.popleft() if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                path = parts.path.removeprefix(BASE)
                headers = {name.lower(): value for name, value in self.headers.items()}
                with stand_in._arrived:
                    stand_in.seen.append(Seen(self.command, path, dict(parse_qsl(parts.query)), headers, body))
                    stand_in._arrived.notify_all()
                answer = stand_in._next(self.command, path)
                if answer.wait_for is not None:
                    answer.wait_for.wait(30)
                if answer.drop:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                raw = answer.content if isinstance(answer.content, bytes) else json.dumps(answer.content).encode()
                self.send_response(answer.status)
                for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                try:
                    self.end_headers()
                    self.wfile.write(raw)
                except ConnectionError:  # the command was interrupted and has gone
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
