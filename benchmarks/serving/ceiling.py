"""How fast the load generator itself can be: requests a second against a server that does nothing."""

from __future__ import annotations

from benchmarks.serving.http_load import Measured, connects, load, post
from benchmarks.serving.processes import Peer, free_port
from benchmarks.serving.rounds import CLIENTS


async def ceiling(picture: bytes, count: int = 5000) -> dict[str, list[dict]]:
    """Return the figures for small JSON requests and for whole JPEGs."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    server = Peer("trivial_server", [str(port)])
    try:
        await server.wait(lambda: connects(url))
        return {
            name: [
                _row((await load(url, [post(url, body, "application/json")], clients, number))[0])
                for clients in CLIENTS
            ]
            for name, body, number in (("json", b'{"asset_id": "x"}', count), ("jpeg", picture, count // 5))
        }
    finally:
        server.stop()


def _row(measured: Measured) -> dict:
    return {"clients": measured.clients, "requests_per_second": round(measured.per_second), "p50_ms": measured.p50_ms}
