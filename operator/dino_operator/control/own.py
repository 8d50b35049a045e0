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

from dino_operator.control.queue import Key
from dino_operator.control.resources import Resources, key_of, version_of
from dino_operator.kube.client import METADATA_LIST, KubeClient, Object
from dino_operator.kube.errors import ApiError, NotFound
from dino_operator.kube.kinds import RESOURCE
from dino_operator.spec import GROUP, PLURAL, VERSION

log = logging.getLogger(__name__)

_COMPARE_SECONDS, _LATE_SECONDS = 60.0, 3.0
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

    kopf brings every change at once. A list of names from time to time finds what it did not bring: deletions while
    the API server was away, as a watch that begins anew tells nothing of what is no more, and a watch that ended
    without a word, which is then begun anew.

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
        self._told: dict[Key, int] = {}
        self._stop, self._again = threading.Event(), threading.Event()
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        loop, wait = asyncio.get_running_loop(), _FIRST_WAIT
        while not self.synced.is_set():
            try:
                for namespace in self._namespaces or (None,):
                    for item in await self._list(namespace, None):
                        self._take(None, item)
                self.synced.set()
            except ApiError as error:
                log.warning("listing the resources again after: %s", error)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
        # A thread and a loop of its own: kopf takes its loop's signals, and when it ends it cancels every task there.
        watching = threading.Thread(target=self._watch, args=(loop,), name="kopf", daemon=True)
        watching.start()
        try:
            while True:
                await asyncio.sleep(_COMPARE_SECONDS)
                try:
                    for namespace in self._namespaces or (None,):
                        await self._compare(namespace)
                except ApiError as error:
                    log.info("the resources are compared later: %s", error)
        finally:
            self._stop.set()
            self._again.set()
            await asyncio.to_thread(watching.join, _STOP_SECONDS)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stop.is_set():
            try:
                kopf.run(
                    registry=self._registry(loop),
                    settings=_settings(),
                    standalone=True,
                    clusterwide=not self._namespaces,
                    namespaces=self._namespaces,
                    stop_flag=self._again,
                )
            except Exception:
                log.exception("the watch of the resources ended")
            if not self._stop.wait(_FIRST_WAIT):
                log.warning("the watch of the resources begins anew")
                self._again.clear()

    def _registry(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry)
        def login(**_: Any) -> kopf.ConnectionInfo:
            return self._login()

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
        async def seen(type: str | None, body: kopf.Body, **_: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._told_of, type, dict(body))

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

    def _told_of(self, kind: str | None, body: Object) -> None:
        key = key_of(body)
        if kind == "DELETED":
            self._told.pop(key, None)
        else:
            self._told[key] = version_of(body)
        self._take(kind, body)

    def _take(self, kind: str | None, body: Object) -> None:
        key = key_of(body)
        if kind == "DELETED":
            known = self._resources.get(key)
            if known is None or known["metadata"]["uid"] == body["metadata"]["uid"]:
                self._resources.drop(key)
                self._wake(key)
        elif self._resources.put(body):
            self._wake(key)

    async def _list(self, namespace: str | None, accept: str | None) -> list[Object]:
        found: list[Object] = []
        params: dict[str, Any] = {"limit": 250}
        while True:
            page = await self._client.request("list", "GET", RESOURCE.path(namespace), params=params, accept=accept)
            found += page["items"] or [] or []
            if not (more := page["metadata"].get("continue")):
                return found
            params["continue"] = more

    async def _compare(self, namespace: str | None) -> None:
        before = {key for key in self._resources if namespace in (None, key[0])}
        found = {key_of(item): item for item in await self._list(namespace, METADATA_LIST)}
        # What came while we listed is not in `before`, so that it is not taken for gone.
        for key in before - found.keys():
            self._told.pop(key, None)
            self._resources.drop(key)
            self._wake(key)
        if not self._behind(found):
            return
        await asyncio.sleep(_LATE_SECONDS)
        if late := self._behind(found):
            log.warning("the watch did not tell of %d resources", len(late))
            for key in late:
                try:
                    self._take(None, await self._client.request("get", "GET", RESOURCE.path(*key)))
                except NotFound:
                    continue
            self._again.set()

    def _behind(self, found: dict[Key, Object]) -> list[Key]:
        return [key for key, item in found.items() if self._told.get(key, 0) < version_of(item)]


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    # The definition is served when this begins, and namespaces are named: nothing else is looked for.
    settings.scanning.disabled = True
    settings.networking.error_backoffs = _Always()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.watching.server_timeout = 300
    settings.watching.connect_timeout = 5
    settings.watching.reconnect_backoff = 0.5
    settings.queueing.idle_timeout = 1.0
    return settings
