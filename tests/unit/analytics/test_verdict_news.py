"""Verdicts are told behind the answer, only when wanted, and never waited for."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from dino_analytics.verdict_news import VerdictNews
from dino_common.bus.context import Context
from dino_common.errors import ServiceUnavailable

CONTEXT = Context(request_id="r-1", deadline=time.time() + 60, principal="", operation="validate-consistency")


class Answer(BaseModel):
    same_character: bool = True
    similarity_score: float = 87.5
    drawing: dict[str, str] = {"data": "..."}
    model: str = "tiny"


class Stream:
    """Keeps what is published; holds or refuses it when told to."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, Any], str | None]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.refusals = 0

    async def publish(self, kind: str, payload: dict[str, Any], *, once: str | None = None) -> None:
        await self.open.wait()
        if self.refusals:
            self.refusals -= 1
            raise ServiceUnavailable("not now")
        self.published.append((kind, payload, once))


@pytest.fixture
async def parts():
    stream = Stream()
    config = SimpleNamespace(subscriptions=SimpleNamespace(events=["verdict.made"]))
    news = VerdictNews(config, stream)  # type: ignore[arg-type]
    await news.start()
    yield SimpleNamespace(stream=stream, config=config, news=news)
    stream.open.set()
    await news.stop()


async def answered(_: Context, __: Any) -> Answer:
    return Answer()


async def test_a_verdict_is_told_with_its_plain_fields_alone(parts):
    answer = await parts.news.told("validate-consistency", answered)(CONTEXT, None)
    assert answer == Answer()
    await parts.news.stop()
    ((kind, event, once),) = parts.stream.published
    assert kind == "verdict.made"
    assert once == event["verdict_id"]
    assert (event["operation"], event["request_id"]) == ("validate-consistency", "r-1")
    assert (event["same_character"], event["similarity_score"], event["model"]) == (True, 87.5, "tiny")
    assert "drawing" not in event


async def test_nothing_is_told_while_no_webhook_wants_it(parts):
    parts.config.subscriptions.events = ["job.finished"]
    await parts.news.told("validate-consistency", answered)(CONTEXT, None)
    await parts.news.stop()
    assert parts.stream.published == []


async def test_answers_do_not_wait_for_a_stream_that_hangs(parts):
    parts.stream.open.clear()
    handle = parts.news.told("validate-consistency", answered)
    async with asyncio.timeout(2):
        for _ in range(1500):  # more than are kept
            await handle(CONTEXT, None)
    parts.stream.open.set()
    await parts.news.stop()
    assert 1000 <= len(parts.stream.published) <= 1001


async def test_a_refused_verdict_is_tried_again(parts, monkeypatch):
    monkeypatch.setattr("dino_analytics.verdict_news._PAUSE_SECONDS", 0.0)
    parts.stream.refusals = 2
    await parts.news.told("validate-consistency", answered)(CONTEXT, None)
    await parts.news.stop()
    assert len(parts.stream.published) == 1


async def test_errors_of_the_handler_pass_and_are_no_verdict(parts):
    async def fails(_: Context, __: Any) -> Answer:
        raise ServiceUnavailable("down")

    with pytest.raises(ServiceUnavailable):
        await parts.news.told("validate-consistency", fails)(CONTEXT, None)
    await parts.news.stop()
    assert parts.stream.published == []
