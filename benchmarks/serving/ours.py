"""Our platform as ``make run`` starts it: real servers, four services, every request over REST."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import httpx
from benchmarks.serving.http_load import Measured, load, post
from benchmarks.serving.processes import cpu_seconds
from tests.integration.platform import Platform, Servers, plan_test_platform

UPLOADS_AT_ONCE = 8
# Uploads must not compute what is measured later, and the limits would measure themselves.
SETTINGS = {"DINO_EXTRACT_ON_UPLOAD": "false", "RATE_LIMIT_DEFAULT": "0", "RATE_LIMIT_UPLOAD": "0"}


class Ours:
    """The running platform."""

    name = "ours"

    def __init__(self, servers: Servers, platform: Platform) -> None:
        """Use ``start``."""
        self._servers, self._platform = servers, platform
        self._client = platform.client()
        self.extract_url = f"{platform.base_url}/extract-features"
        self.validate_url = f"{platform.base_url}/validate-consistency"

    @classmethod
    async def start(cls, directory: Path, **settings: str) -> Ours:
        """Start servers and services with their data in ``directory``."""
        servers = await Servers.start(directory / "servers")
        platform = plan_test_platform(servers, directory / "platform", SETTINGS | settings)
        await platform.start()
        return cls(servers, platform)

    async def upload(self, files: list[bytes]) -> list[str]:
        """Upload pictures; return their ids, in order."""
        gate = asyncio.Semaphore(UPLOADS_AT_ONCE)

        async def one(number: int, data: bytes) -> str:
            async with gate:
                answer = await self._client.post(
                    "/upload-media", files={"file": (f"picture-{number}.jpg", data, "image/jpeg")}
                )
                answer.raise_for_status()
                return answer.json()["asset_id"]

        return list(await asyncio.gather(*(one(number, data) for number, data in enumerate(files))))

    async def extract(self, ids: list[str], clients: int) -> tuple[Measured, dict]:
        """Extract each uploaded picture's features once; returns when the last are stored as well."""
        result = await load(self.extract_url, self.extractions(ids), clients)
        await self._stored(ids[-1])
        return result

    @staticmethod
    async def load(url: str, requests: list[bytes], clients: int, count: int) -> tuple[Measured, dict]:
        """Send ``count`` requests in turn."""
        return await load(url, requests, clients, count)

    def extractions(self, ids: list[str]) -> list[bytes]:
        """Return a request for each asset's features."""
        return [self._post(self.extract_url, {"asset_id": asset_id}) for asset_id in ids]

    def validations(self, ids: list[str]) -> list[bytes]:
        """Return a request for each pair of neighbours in the list."""
        return [self._post(self.validate_url, {"asset_id_1": one, "asset_id_2": other}) for one, other in pairwise(ids)]

    @staticmethod
    def _post(url: str, fields: dict[str, str]) -> bytes:
        return post(url, json.dumps(fields).encode(), "application/json")

    async def _stored(self, asset_id: str) -> None:
        """Wait until the features are in the document store: writing goes on after the answer."""
        end = asyncio.get_running_loop().time() + 30
        while (await self._client.get(f"/assets/{asset_id}/features")).status_code != httpx.codes.OK:
            if asyncio.get_running_loop().time() > end:
                raise TimeoutError(f"the features of {asset_id} were not stored within 30 s")
            await asyncio.sleep(0.05)

    def pid(self, service: str) -> int:
        """Process id of a service."""
        return self._platform.children[service].pid

    def cpu_by_process(self) -> dict[str, float]:
        """Processor seconds of every service and server so far."""
        children = {**self._platform.children, **self._servers.children}
        return {name: cpu_seconds(child.pid) for name, child in children.items()}

    def cpu_seconds(self) -> float:
        """Processor seconds of them all."""
        return sum(self.cpu_by_process().values())

    async def stop(self) -> None:
        """Stop services, then servers."""
        await self._client.aclose()
        await self._platform.stop()
        await self._servers.stop()
