"""Events of the resource, one for each step; the same one again counts up the first."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from dino_operator import metrics
from dino_operator.kube.client import MERGE, KubeClient, Object
from dino_operator.kube.errors import AlreadyExists, ApiError, NotFound
from dino_operator.kube.kinds import EVENTS, MANAGER

log = logging.getLogger(__name__)

_REMEMBERED = 4096
_LONGEST = 1000


class Recorder:
    """Posts events. An event that cannot be posted is logged and lost: nothing waits for it."""

    def __init__(self, client: KubeClient, identity: str) -> None:
        """Post as ``identity``."""
        self._client, self._identity = client, identity
        self._counts: OrderedDict[str, tuple[int, str]] = OrderedDict()

    async def post(self, resource: Object, kind: str, reason: str, message: str) -> None:
        """Say something about a resource.

        Args:
            resource: whom it is about.
            kind: Normal or Warning.
            reason: in one CamelCase word.
            message: in words.
        """
        metadata = resource["metadata"]
        log.log(
            logging.WARNING if kind == "Warning" else logging.INFO,
            "%s/%s: %s: %s", metadata["namespace"], metadata["name"], reason, message,
        )  # fmt: skip
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
        digest = hashlib.sha256(f"{metadata['uid']}\0{kind}\0{reason}\0{message}".encode()).hexdigest()[:16]
        name, (count, first) = f"{metadata['name']}.{digest}", self._counts.get(digest, (0, now))
        path = EVENTS.path(metadata["namespace"])
        metrics.EVENTS.labels(kind, reason).inc()
        try:
            try:
                if count:
                    seen: dict[str, Any] = {"count": count + 1, "lastTimestamp": now}
                    await self._client.request("patch", "PATCH", f"{path}/{name}", body=seen, content_type=MERGE)
                else:
                    body = self._event(resource, name, kind, reason, message, now)
                    await self._client.request("create", "POST", path, body=body)
            except AlreadyExists:
                # Posted before a restart.
                found = await self._client.request("get", "GET", f"{path}/{name}")
                count, first = int(found.get("count") or 1), found.get("firstTimestamp") or now
                seen = {"count": count + 1, "lastTimestamp": now}
                await self._client.request("patch", "PATCH", f"{path}/{name}", body=seen, content_type=MERGE)
            except NotFound:
                # The server forgets events after an hour.
                count, body = 0, self._event(resource, name, kind, reason, message, now)
                await self._client.request("create", "POST", path, body=body)
        except ApiError as error:
            log.info("the event %s of %s was not posted: %s", reason, metadata["name"], error)
            return
        self._counts[digest] = (count + 1, first)
        self._counts.move_to_end(digest)
        while len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)

    def _event(self, resource: Object, name: str, kind: str, reason: str, message: str, now: str) -> Object:
        metadata = resource["metadata"]
        return {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": name, "namespace": metadata["namespace"]},
            "involvedObject": {
                "apiVersion": resource["apiVersion"],
                "kind": resource["kind"],
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
                "resourceVersion": metadata.get("resourceVersion"),
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": MANAGER},
            "reportingComponent": MANAGER,
            "reportingInstance": self._identity,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
