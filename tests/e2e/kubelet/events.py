"""Events about a pod, each told once."""

from __future__ import annotations

import asyncio
import logging
import uuid

from tests.e2e.kubelet.api import Api, ApiError, Manifest
from tests.e2e.kubelet.status import now

log = logging.getLogger(__name__)


class Events:
    """Posts events; what was said before is not said again, and a lost event is only logged.

    Args:
        api: of the cluster.
        pod: that the events are about.
        node: that says it.
    """

    def __init__(self, api: Api, pod: Manifest, node: str) -> None:
        """Nothing was said yet."""
        self._api = api
        self._pod = pod
        self._node = node
        self._said: set[tuple[str, str]] = set()
        self._posting: set[asyncio.Task[None]] = set()

    def tell(self, kind: str, reason: str, message: str) -> None:
        """Post an event of kind Normal or Warning."""
        if (reason, message) in self._said:
            return
        self._said.add((reason, message))
        task = asyncio.create_task(self._post(kind, reason, message))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, kind: str, reason: str, message: str) -> None:
        metadata, at = self._pod["metadata"], now()
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}", "namespace": metadata["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                **{name: metadata[name] for name in ("name", "namespace", "uid")},
            },
            "type": kind,
            "reason": reason,
            "message": message[:1024],
            "source": {"component": "kubelet", "host": self._node},
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }
        try:
            await self._api.create(f"/api/v1/namespaces/{metadata['namespace']}/events", event)
        except ApiError as error:
            log.info("no event %s of %s: %s", reason, metadata["name"], error)
