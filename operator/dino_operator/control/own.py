"""The DinoDeployments themselves, followed by kopf: event handlers that put bodies away and wake the loop.

Handlers of kind ``on.event`` alone: kopf then writes nothing to a resource, no annotation and no finalizer, so that
nothing of ours can hold up the deletion of a resource or a namespace.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import kopf

from dino_common.bus.tasks import end
from dino_operator.control.queue import Key
from dino_operator.control.resources import Resources, key_of
from dino_operator.kube.client import KubeClient, Object
from dino_operator.kube.errors import ApiError
from dino_operator.kube.kinds import RESOURCE
from dino_operator.spec import GROUP, PLURAL, VERSION

log = logging.getLogger(__name__)

_RELIST_SECONDS = 60.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_STOP_SECONDS = 3.0


class _Always:
    """Waits for an API server that is away: short ones first, and no end."""

    def __iter__(self) -> Iterator[float]:
        wait = _FIRST_WAIT
        while True:
            yield wait
            wait = min(_LONGEST_WAIT, wait * 2)


class OwnWatch:
    """Keeps `Resources` current.

    kopf brings every change at once. A list from time to time finds what was deleted while the API server could
    not say so, as a watch that begins anew tells nothing of what is no more.

    Args:
        client: of the cluster.
        namespaces: looked after; empty: all.
        resources: filled.
        wake: called with the key of a resource that changed.
    """

    def __init__(
        self, client: KubeClient, namespaces: tuple[str, ...], resources: Resources, wake: Callable[[Key], None]
    ) -> None:
        """Prepare; `run` begins."""
        self._client, self._namespaces, self._resources, self._wake = client, namespaces, resources, wake
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        loop, stop = asyncio.get_running_loop(), threading.Event()
        relist = asyncio.create_task(self._relist())
        # A thread and a loop of its own: kopf takes its loop's signals, and when it ends it cancels every task there.
        watching = threading.Thread(target=self._watch, args=(loop, stop), name="kopf", daemon=True)
        watching.start()
        try:
            await relist
        finally:
            stop.set()
            await end([relist])
            await asyncio.to_thread(watching.join, _STOP_SECONDS)

    def _watch(self, loop: asyncio.AbstractEventLoop, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                kopf.run(
                    registry=self._registry(loop),
                    settings=_settings(),
                    standalone=True,
                    clusterwide=not self._namespaces,
                    namespaces=self._namespaces,
                    stop_flag=stop,
                )
            except Exception:
                log.exception("the watch of the resources ended")
            if not stop.wait(_FIRST_WAIT):
                log.warning("the watch of the resources begins anew")

    def _registry(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry)
        def login(**_: Any) -> kopf.ConnectionInfo:
            return self._login()

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
        async def seen(type: str | None, body: kopf.Body, **_: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._take, type, dict(body))

        return registry

    def _login(self) -> kopf.ConnectionInfo:
        credentials = self._client.credentials
        scheme, _, token = (credentials.read() or "").partition(" ")
        configuration = credentials.configuration
        return kopf.ConnectionInfo(
            server=credentials.server,
            ca_path=configuration.ssl_ca_cert,
            insecure=not configuration.verify_ssl,
            certificate_path=configuration.cert_file,
            private_key_path=configuration.key_file,
            scheme=scheme or None,
            token=token or None,
        )

    def _take(self, kind: str | None, body: Object) -> None:
        key = key_of(body)
        if kind == "DELETED":
            known = self._resources.get(key)
            if known is None or known["metadata"]["uid"] == body["metadata"]["uid"]:
                self._resources.drop(key)
                self._wake(key)
        elif self._resources.put(body):
            self._wake(key)

    async def _relist(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                for namespace in self._namespaces or (None,):
                    await self._compare(namespace)
                self.synced.set()
                wait = _FIRST_WAIT
                await asyncio.sleep(_RELIST_SECONDS)
            except ApiError as error:
                log.warning("listing the resources again after: %s", error)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)

    async def _compare(self, namespace: str | None) -> None:
        before = {key for key in self._resources if namespace in (None, key[0])}
        found: set[Key] = set()
        params: dict[str, Any] = {"limit": 250}
        while True:
            page = await self._client.request("list", "GET", RESOURCE.path(namespace), params=params)
            for item in page["items"]:
                found.add(key_of(item))
                self._take(None, item)
            if not (more := page["metadata"].get("continue")):
                break
            params["continue"] = more
        # What came while we listed is not in `before`, so that it is not taken for gone.
        for key in before - found:
            self._resources.drop(key)
            self._wake(key)


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.networking.error_backoffs = _Always()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.watching.server_timeout = 300
    settings.watching.connect_timeout = 5
    settings.watching.reconnect_backoff = 0.5
    settings.queueing.idle_timeout = 1.0
    return settings
