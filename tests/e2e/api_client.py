"""A client of a deployment's gateway, as a user of it: a key from the command line, then REST."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.cluster import Cluster
from tests.e2e.kubelet.api import ApiError, Manifest
from tests.integration.platform import clean_environment

from dino_common.contracts import OPERATIONS


async def create_key(secret: Manifest) -> str:
    """Make an API key with ``dino keys create``, with the connections of a Secret, and return it."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "dino"),
        *("keys", "create", "e2e", "--scopes", "read,write,admin"),
        env={**clean_environment(), **secret["stringData"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return next(word for word in said.decode().split() if word.startswith("dino_"))


class ApiClient:
    """Asks a gateway of a DinoDeployment; each request goes to one that is ready now.

    Args:
        cluster: where it runs.
        namespace, name: of the DinoDeployment.
        key: API key.
    """

    def __init__(self, cluster: Cluster, namespace: str, name: str, key: str) -> None:
        """Nothing is asked yet."""
        self._cluster = cluster
        self._where = (namespace, f"{name}-gateway")
        self._http = httpx.AsyncClient(trust_env=False, timeout=30, headers={"X-API-Key": key})
        self._addresses: list[str] = []
        self._next = 0

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, operation: str, **body: Any) -> Manifest:
        """Post to an operation; return the answer, valid by its contract."""
        answer = await self.request("POST", f"/{operation}", json=body)
        assert answer.status_code == 200, f"{operation}: {answer.status_code} {answer.text}"
        contract = OPERATIONS[operation].response
        assert contract is not None
        contract.model_validate(answer.json())
        return answer.json()

    async def get(self, path: str) -> Manifest:
        """Get a path below ``/api/v1``."""
        answer = await self.request("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def put(self, path: str, body: Manifest) -> Manifest:
        """Put to a path below ``/api/v1``."""
        answer = await self.request("PUT", path, json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def upload(self, content: bytes, name: str) -> str:
        """Upload a picture; return its id."""
        answer = await self.request("POST", "/upload-media", files={"file": (name, content)})
        assert answer.status_code == 200, answer.text
        return answer.json()["asset_id"]

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request to the gateways in turn."""
        # What was known last serves while the API server is away, as with kube-proxy.
        with suppress(ApiError):
            self._addresses = await self._cluster.addresses(*self._where)
        assert self._addresses, "no gateway is ready"
        self._next += 1
        address = self._addresses[self._next % len(self._addresses)]
        return await self._http.request(method, f"http://{address}/api/v1{path}", **options)
