"""Following a job by its server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from dino_cli import backoff
from dino_cli.client import Client, error_of, reason_of
from dino_cli.failures import ApiFailure, Failure, Unreachable
from dino_common.contracts.jobs import TERMINAL

# The server sends comments to keep the line open; silence for this long means that it is gone.
_SILENCE_SECONDS = 60.0


def parse_events(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (event, data) of a stream of server-sent events, by the rules of the HTML standard."""
    event, data = "message", []
    for line in lines:
        if not line:
            if data:
                yield event, "\n".join(data)
            event, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)


def follow(client: Client, job_id: str) -> Iterator[dict[str, Any]]:
    """Yield the job each time it changes, until it has ended; a broken stream is opened again.

    Raises:
        ApiFailure: no such job, or no permission.
        Unreachable: the platform has gone.
    """
    broken = 0
    while True:
        try:
            for job in _stream(client, job_id):
                broken = 0
                yield job
                if job["status"] in TERMINAL:
                    return
            reason = "the stream ended early"
        except httpx.TransportError as error:
            reason = reason_of(error)
        broken += 1
        if broken >= backoff.ATTEMPTS:
            raise Unreachable(client.base_url, reason)
        client.stop.wait(backoff.wait_before(broken + 1))


def _stream(client: Client, job_id: str) -> Iterator[dict[str, Any]]:
    timeout = httpx.Timeout(5.0, read=_SILENCE_SECONDS)
    headers = {"Accept": "text/event-stream"}
    url = client.url(f"/jobs/{job_id}/events")
    with client.http.stream("GET", url, headers=headers, timeout=timeout) as answer:
        if answer.status_code != 200:
            answer.read()
            if answer.status_code in backoff.RETRIED_STATUS:
                client.stop.wait(backoff.wait_before(2, backoff.retry_after(answer.headers)))
                return
            raise ApiFailure(answer.status_code, error_of(answer))
        for _, data in parse_events(answer.iter_lines()):
            try:
                job = json.loads(data)
            except ValueError as error:
                raise Failure(f"{url} sent an event that is not JSON") from error
            if isinstance(job, dict) and "status" in job:
                yield job
