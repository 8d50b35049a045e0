"""Handlers of stats and metrics."""

from __future__ import annotations

import asyncio
import contextlib

import nats.errors
from starlette.requests import Request
from starlette.responses import Response

from dino_common.bus.metrics_fanin import gather_metrics, merge
from dino_common.contracts.system import LibraryStats, NoRequest, StatsResponse
from dino_common.errors import DinoError
from dino_common.stores.mongo import utc_now
from dino_common.telemetry import metrics_text
from dino_gateway.backends import Backends
from dino_gateway.call import Call

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class StatisticsHandlers:
    """Volumes and response times, for people and for Prometheus."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._b = backends

    async def stats(self, call: Call, fields: NoRequest, request: Request) -> StatsResponse:
        """Answer ``GET /stats``; requests are those of this gateway process."""
        b = self._b
        totals, features, jobs = await asyncio.gather(b.assets.totals(), b.features.count(), b.jobs.counts())
        hits = misses = 0
        with contextlib.suppress(DinoError):
            # A model that is down has no cache to count.
            status = await b.statuses.get("inference")
            hits, misses = status["cache_hits"], status["cache_misses"]
        return StatsResponse(
            timestamp=utc_now(),
            uptime_seconds=round(b.stats.uptime, 3),
            requests_total=b.stats.requests,
            errors_total=b.stats.errors,
            average_response_seconds=b.stats.average,
            operations=b.stats.operations(),
            library=LibraryStats(
                assets=totals.assets,
                images=totals.images,
                videos=totals.videos,
                bytes=totals.bytes,
                features=features,
                jobs=jobs,
            ),
            features_cache_hits=hits,
            features_cache_misses=misses,
        )

    async def metrics(self, call: Call, fields: NoRequest, request: Request) -> Response:
        """Answer ``GET /metrics`` with what every process counts."""
        own = await asyncio.to_thread(metrics_text)
        parts = [("gateway", self._b.settings.instance, own.decode())]
        with contextlib.suppress(nats.errors.Error, OSError):
            # While the bus is down the gateway still tells its own.
            found = await gather_metrics(self._b.connection)
            parts += [(part["service"], part["instance"], part["text"]) for part in found]
        return Response(await asyncio.to_thread(merge, parts), headers={"Content-Type": _PROMETHEUS})
