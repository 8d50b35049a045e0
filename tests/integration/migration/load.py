"""Clients that never stop asking: every answer is checked, every failure kept."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from tests.integration.main_path.photographs import NAMES, encoded, picture

SIDE = 160


def variant(name: str, number: int) -> bytes:
    """The photograph as other software left it: another size and quality each time, the same subject."""
    image, size = picture(name), SIDE + 8 * (number % 12)
    return encoded(image.resize((size, size * image.height // image.width)), quality=60 + number % 35)


def filler(number: int) -> bytes:
    """A picture like no other: a few coloured rectangles."""
    from PIL import Image

    rng = np.random.default_rng(number)
    pixels = np.zeros((96, 96, 3), np.uint8) + rng.integers(0, 255, 3, dtype=np.uint8)
    for _ in range(5):
        y, x, height, width = rng.integers(4, 60, 4)
        pixels[y : y + height, x : x + width] = rng.integers(0, 255, 3)
    return encoded(Image.fromarray(pixels), quality=90)


@dataclass
class Load:
    """What the clients know of the library and have seen.

    Attributes:
        subject: photograph of each asset that shows one; fillers: the other assets.
        dimensions, thresholds: of each model version, as the test knows them.
        answers: by model version, to requests begun since ``counted_from``.
        failures: what was not answered right, in words.
        first: time of the first answer of each kind and version, since it was last cleared.
    """

    http: httpx.AsyncClient
    dimensions: dict[str, int] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    subject: dict[str, str] = field(default_factory=dict)
    fillers: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    counted_from: float = 0.0
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    first: dict[tuple[str, str], float] = field(default_factory=dict)
    analytics_away: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1000))
    _tasks: list[asyncio.Task] = field(default_factory=list)
    _settled: list[str] = field(default_factory=list)
    _stopping: bool = False
    _analytics_busy: int = 0
    _analytics_idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def upload(self, name: str | None, number: int) -> str:
        """Upload a picture and return its id; a name is that of a photograph, None a filler."""
        data = filler(number) if name is None else variant(name, number)
        answer = await self.post("/upload-media", files={"file": (f"{name}-{number}.jpg", data, "image/jpeg")})
        if answer is None:
            return ""
        if name is None:
            self.fillers.append(answer["asset_id"])
        else:
            self.subject[answer["asset_id"]] = name
        return answer["asset_id"]

    async def post(self, path: str, **content: Any) -> dict[str, Any] | None:
        """Ask and count; None after a failure, which is kept."""
        self.requests += 1
        try:
            answer = await self.http.post(path, **content)
        except httpx.HTTPError as error:
            self.failures.append(f"{path}: {error!r}")
            return None
        if answer.status_code not in (200, 201):
            self.failures.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            return None
        return answer.json()

    def start(self, settled: list[str]) -> None:
        """Begin to ask about these assets, and to upload further ones."""
        self._settled = settled
        jobs = (self._extract, self._search, self._search_by_features, self._judge, self._upload_more, self._probe)
        self._tasks = [asyncio.create_task(self._repeat(job)) for job in jobs]

    async def stop(self) -> None:
        """Let every client finish its last request: of an upload that is broken off nobody knows the id."""
        self._stopping = True
        await asyncio.gather(*self._tasks)
        self._tasks = []

    async def without_analytics(self) -> None:
        """Return once no client waits for analytics; none asks it before ``analytics_away`` is cleared."""
        self.analytics_away.set()
        async with asyncio.timeout(60):
            await self._analytics_idle.wait()

    async def _repeat(self, job: Callable[[], Awaitable[None]]) -> None:
        uses_analytics = job in (self._search, self._search_by_features, self._judge, self._probe)
        while not self._stopping:
            await asyncio.sleep(0.02)
            if uses_analytics and self.analytics_away.is_set():
                continue
            self._analytics_busy += uses_analytics
            self._analytics_idle.clear()
            try:
                await job()
            finally:
                self._analytics_busy -= uses_analytics
                if not self._analytics_busy:
                    self._analytics_idle.set()

    def _version(self, path: str, answer: dict[str, Any], began: float) -> str:
        version = answer["model_version"]
        if began >= self.counted_from:
            self.answers[version] = self.answers.get(version, 0) + 1
        self.first.setdefault((path, version), time.monotonic())
        return version

    async def _extract(self) -> None:
        began = time.monotonic()
        answer = await self.post("/extract-features", json={"asset_id": random.choice(self._settled)})
        if answer is not None:
            self._fits("extract-features", answer, began)

    def _fits(self, path: str, answer: dict[str, Any], began: float) -> None:
        version = self._version(path, answer, began)
        if not len(answer["features"]) == answer["dimension"] == self.dimensions[version]:
            self.failures.append(f"{path}: {len(answer['features'])} numbers of {version}")

    async def _search(self) -> None:
        asset_id, began = random.choice(self._settled), time.monotonic()
        answer = await self.post("/find-similar", json={"asset_id": asset_id, "limit": 1})
        if answer is not None:
            self._version("find-similar", answer, began)
            self._neighbour(asset_id, answer)

    async def _search_by_features(self) -> None:
        """As a client with features of its own, also of the version that served a moment ago."""
        asset_id, began = random.choice(self._settled), time.monotonic()
        features = await self.post("/extract-features", json={"asset_id": asset_id})
        if features is None:
            return
        self._fits("extract-features", features, began)
        answer = await self.post(
            "/find-similar",
            json={
                "features": features["features"],
                "model_version": features["model_version"],
                "limit": 1,
                "filters": {"exclude_ids": [asset_id]},
            },
        )
        if answer is not None:
            self._neighbour(asset_id, answer)
            if self._version("find-similar by features", answer, began) != features["model_version"]:
                self.failures.append("find-similar: another version than the features'")

    def _neighbour(self, asset_id: str, answer: dict[str, Any]) -> None:
        found = [self.subject.get(hit["asset_id"]) for hit in answer["items"]]
        if found != [self.subject[asset_id]]:
            self.failures.append(f"find-similar of {self.subject[asset_id]}: {found} by {answer['model_version']}")

    async def _judge(self) -> None:
        (one, two), began = random.sample(self._settled, 2), time.monotonic()
        answer = await self.post("/validate-consistency", json={"asset_id_1": one, "asset_id_2": two})
        if answer is not None:
            version = self._version("validate-consistency", answer, began)
            if answer["threshold"] != self.thresholds[version]:
                self.failures.append(f"validate-consistency: threshold {answer['threshold']} with {version}")

    async def _probe(self) -> None:
        """As the load balancer does: the platform is ready throughout."""
        self.requests += 1
        answer = await self.http.get("/ready")
        if answer.status_code != 200:
            self.failures.append(f"/ready: {answer.text[:300]}")
        await asyncio.sleep(0.2)

    async def _upload_more(self) -> None:
        await self.upload(random.choice(NAMES), next(self._numbers))
        await asyncio.sleep(0.15)
