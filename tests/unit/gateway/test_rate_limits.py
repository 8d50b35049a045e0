"""Limits hold and are told, also while Redis is out of reach."""

from __future__ import annotations

import logging
import socket

import pytest

from dino_common.contracts import RateClass
from dino_common.errors import RateLimited
from dino_common.settings import Settings
from dino_gateway import rate_limits
from dino_gateway.rate_limits import RateLimits


@pytest.fixture
async def limits(monkeypatch):
    """Limits whose Redis is a port that refuses connections."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setattr(rate_limits.time, "time", lambda: 1_800_000_030.0)
    made = RateLimits(
        Settings(REDIS_URL=f"redis://127.0.0.1:{port}/0", RATE_LIMIT_DEFAULT=3, RATE_LIMIT_UPLOAD=0, RATE_LIMIT_BATCH=1)
    )
    yield made
    await made.close()


async def test_headers_count_down_and_the_next_request_is_refused_with_them(limits, caplog):
    with caplog.at_level(logging.WARNING, logger=rate_limits.__name__):
        for remaining in ("2", "1", "0"):
            headers: dict[str, str] = {}
            await limits.count(RateClass.DEFAULT, "key:a", headers)
            assert headers == {
                "X-RateLimit-Limit": "3",
                "X-RateLimit-Remaining": remaining,
                "X-RateLimit-Reset": "1800000060",
            }
        headers = {}
        with pytest.raises(RateLimited) as refused:
            await limits.count(RateClass.DEFAULT, "key:a", headers)
    assert refused.value.retry_after == 30
    assert headers["X-RateLimit-Remaining"] == "0"
    assert len(caplog.records) == 1, "an outage of Redis is told once"


async def test_callers_and_classes_are_counted_apart(limits):
    await limits.count(RateClass.BATCH, "key:a", {})
    await limits.count(RateClass.BATCH, "key:b", {})
    await limits.count(RateClass.DEFAULT, "key:a", {})
    with pytest.raises(RateLimited):
        await limits.count(RateClass.BATCH, "key:a", {})


@pytest.mark.parametrize("rate", [RateClass.UPLOAD, RateClass.NONE])
async def test_zero_is_no_limit_and_says_nothing(limits, rate):
    headers: dict[str, str] = {}
    for _ in range(10):
        await limits.count(rate, "key:a", headers)
    assert headers == {}
