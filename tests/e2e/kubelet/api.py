"""The little of the Kubernetes API that a kubelet needs, over httpx."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

Manifest = dict[str, Any]
MERGE = "application/merge-patch+json"
# A watch that says nothing for this long is opened again: its server may have stopped without a word.
WATCH_SECONDS = 20
RETRY_SECONDS = 0.5


class ApiError(Exception):
    """An answer of the API server that is no success; ``status`` 0 when there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status and the server's words."""
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Cluster:
    """Where an API server is and how it is trusted."""

    server: str
    authority: str

    def kubeconfig(self, token: str, namespace: str) -> str:
        """Return a kubeconfig with this token."""
        authority = base64.b64encode(self.authority.encode()).decode()
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {"name": "c", "cluster": {"server": self.server, "certificate-authority-data": authority}}
                ],
                "users": [{"name": "u", "user": {"token": token}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": namespace}}],
                "current-context": "c",
            }
        )


class Api:
    """A client of one API server with the credentials of a kubeconfig (token or client certificate)."""

    def __init__(self, kubeconfig: Path) -> None:
        """Read the kubeconfig's current context."""
        content = yaml.safe_load(kubeconfig.read_text())
        context = _named(content["contexts"], content["current-context"])["context"]
        cluster = _named(content["clusters"], context["cluster"])["cluster"]
        user = _named(content["users"], context["user"])["user"]
        self.cluster = Cluster(cluster["server"], _decoded(cluster, "certificate-authority") or "")
        trust = ssl.create_default_context(cadata=self.cluster.authority)
        if (certificate := _decoded(user, "client-certificate")) is not None:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as both:
                both.write(f"{certificate}\n{_decoded(user, 'client-key')}")
                both.flush()
                trust.load_cert_chain(both.name)
        headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._http = httpx.AsyncClient(
            base_url=self.cluster.server, verify=trust, headers=headers, trust_env=False, timeout=10
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, **query: str) -> Manifest:
        """Return an object or a list."""
        return await self._ask("GET", path, params=query)

    async def create(self, path: str, body: Manifest) -> Manifest:
        """Create an object in a collection."""
        return await self._ask("POST", path, json=body)

    async def patch(self, path: str, body: Manifest) -> Manifest:
        """Merge ``body`` into an object."""
        return await self._ask("PATCH", path, content=json.dumps(body), headers={"Content-Type": MERGE})

    async def delete(self, path: str, body: Manifest | None = None) -> None:
        """Delete an object; one that is gone is no error."""
        try:
            await self._ask("DELETE", path, json=body or {})
        except ApiError as error:
            if error.status != 404:
                raise

    async def follow(self, path: str, **query: str) -> AsyncGenerator[tuple[str, Manifest], None]:
        """Yield ``(ADDED | MODIFIED | DELETED, object)`` for ever: all that is there, then each change.

        A lost connection is opened again with a new list; what has gone meanwhile is yielded as DELETED.
        """
        known: dict[str, Manifest] = {}
        while True:
            try:
                listed = await self.get(path, **query)
                present = {item["metadata"]["uid"]: item for item in listed["items"]}
                for uid in set(known) - set(present):
                    yield "DELETED", known.pop(uid)
                for uid, item in present.items():
                    yield ("MODIFIED" if uid in known else "ADDED"), item
                    known[uid] = item
                version = listed["metadata"]["resourceVersion"]
                async for kind, item in self._watch(path, query | {"resourceVersion": version}):
                    uid = item["metadata"]["uid"]
                    if kind == "DELETED":
                        known.pop(uid, None)
                    else:
                        known[uid] = item
                    yield kind, item
            except ApiError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _watch(self, path: str, query: dict[str, str]) -> AsyncIterator[tuple[str, Manifest]]:
        asked = query | {"watch": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        patience = httpx.Timeout(10, read=WATCH_SECONDS + 5)
        try:
            async with self._http.stream("GET", path, params=asked, timeout=patience) as answer:
                if answer.status_code != 200:
                    raise ApiError(answer.status_code, "the watch was refused")
                async for line in answer.aiter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(event["object"].get("code", 0), event["object"].get("message", ""))
                    yield event["type"], event["object"]
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise ApiError(0, repr(error)) from error

    async def _ask(self, method: str, path: str, **options: Any) -> Manifest:
        try:
            answer = await self._http.request(method, path, **options)
            body = answer.json()
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise ApiError(0, repr(error)) from error
        if answer.is_error:
            raise ApiError(answer.status_code, body.get("message", answer.text))
        return body


def _named(items: list[Manifest], name: str) -> Manifest:
    return next(item for item in items if item["name"] == name)


def _decoded(part: Manifest, name: str) -> str | None:
    if f"{name}-data" in part:
        return base64.b64decode(part[f"{name}-data"]).decode()
    return Path(part[name]).read_text() if name in part else None
