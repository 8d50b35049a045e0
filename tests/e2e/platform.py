"""A DinoDeployment under test: what its owner does with kubectl, and what clients do over REST."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.api_client import ApiClient, create_key
from tests.e2e.cluster import Cluster
from tests.e2e.kubelet.api import Manifest
from tests.e2e.waiting import until
from tests.integration.main_path.photographs import SAME_PICTURE, jpeg, picture


@dataclass
class Platform:
    """The platform under test and what is in its library."""

    cluster: Cluster
    space: str
    name: str
    secret: Manifest
    api: ApiClient | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    weights: Path = Path()
    operator_restarts: int = 0

    @property
    def client(self) -> ApiClient:
        assert self.api is not None, "the main job was not done"
        return self.api

    async def open(self) -> None:
        """Become a client of it: with a key, as its documentation says."""
        self.api = ApiClient(self.cluster, self.space, self.name, await create_key(self.secret))

    async def close(self) -> None:
        if self.api is not None:
            await self.api.close()

    async def apply(self, *items: Manifest) -> None:
        await self.cluster.kubectl("apply", "-n", self.space, "-f", "-", stdin=list(items))

    async def upload(self, *names: str) -> None:
        """Upload photographs, and each a second time, re-encoded, so that it has a nearest neighbour."""
        for name in names:
            self.pictures[name] = await self.client.upload(jpeg(name), f"{name}.jpg")
            changed = SAME_PICTURE["re-encoded"](picture(name))
            self.pictures[f"{name} again"] = await self.client.upload(changed, f"{name}-again.jpg")

    async def nearest(self, name: str) -> str:
        """Name of the picture that a search finds first; every picture is in the index."""
        found = await self.client.ask("find-similar", asset_id=self.pictures[name], limit=1)
        assert found["indexed"] == len(self.pictures)
        names = {asset: name for name, asset in self.pictures.items()}
        return names[found["items"][0]["asset_id"]]

    async def resource(self) -> Manifest:
        return await self.cluster.resource(self.space, self.name)

    async def patch(self, **spec: Any) -> None:
        text = json.dumps({"spec": spec})
        await self.cluster.kubectl("patch", "dino", self.name, "-n", self.space, "--type=merge", "-p", text)

    async def ready(self, kind: str = "Ready", seconds: float = 240) -> Manifest:
        return await self.cluster.wait_condition(self.space, self.name, kind, seconds=seconds)

    async def pods(self, component: str) -> dict[str, int]:
        """Restarts of the pods of a service by their name."""
        found = await self.cluster.pods(self.space, component=component)
        return {
            pod["metadata"]["name"]: sum(state["restartCount"] for state in pod["status"].get("containerStatuses", []))
            for pod in found
        }

    async def all_pods(self) -> dict[str, int]:
        names = ("gateway", "inference", "video", "analytics")
        return {name: count for found in [await self.pods(name) for name in names] for name, count in found.items()}

    async def migrated(self, model: str, seconds: float = 240) -> Manifest:
        """Wait until a model serves and the migration to it is over; return the status."""

        async def check() -> Manifest | None:
            status = (await self.resource()).get("status", {})
            conditions = {item["type"]: (item["status"], item["message"]) for item in status.get("conditions") or []}
            serving = (status.get("model") or {}).get("version") or ""
            assert serving.startswith(f"{model}@"), f"{serving} serves; {status.get('migration')} {conditions}"
            assert conditions["Migrated"][0] == "True", conditions
            return status

        return await until(check, f"{model} serves", seconds)
