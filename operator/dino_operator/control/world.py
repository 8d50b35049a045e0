"""The cluster as last seen: children, pods and Secrets of every resource, followed by watches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterator
from functools import partial

from dino_common.bus.tasks import end
from dino_operator.control.queue import Key
from dino_operator.kube.apply import kept
from dino_operator.kube.client import KubeClient, Object
from dino_operator.kube.discovery import Served, discover
from dino_operator.kube.errors import ApiError
from dino_operator.kube.kinds import CHILDREN_SELECTOR, INSTANCE, PODS, PODS_SELECTOR, SECRETS, Kind
from dino_operator.kube.watch import Watch

log = logging.getLogger(__name__)

# Tokens of service accounts and releases of Helm are many, and nobody's connection.
_SECRET_TYPES = "type!=kubernetes.io/service-account-token,type!=helm.sh/release.v1"
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0


def _owner(item: Object) -> Hashable:
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata.get("labels", {}).get(INSTANCE)


def _itself(item: Object) -> Hashable:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _version_only(item: Object) -> Object:
    metadata = item["metadata"]
    return {"metadata": {name: metadata[name] for name in ("name", "namespace", "resourceVersion", "uid")}}


def _of_pod(item: Object) -> Object:
    return kept(item) | {"spec": {"nodeName": item["spec"].get("nodeName")}}


class World:
    """Watches of everything that resources own or need, in the namespaces that are looked after.

    Args:
        client: of the cluster.
        namespaces: looked after; empty: all.
        wake: called with the key of a resource of which something changed.
        wake_secret: called with namespace and name of a Secret that changed.
        wake_all: called when other APIs are served than before.
        discovery_seconds: how often these are read.
    """

    def __init__(
        self,
        client: KubeClient,
        namespaces: tuple[str, ...],
        *,
        wake: Callable[[Key], None],
        wake_secret: Callable[[Key], None],
        wake_all: Callable[[], None],
        discovery_seconds: float,
    ) -> None:
        """Prepare; `run` begins."""
        self._client, self._namespaces = client, namespaces or (None,)
        self._wake, self._wake_secret, self._wake_all = wake, wake_secret, wake_all
        self._discovery_seconds = discovery_seconds
        self._watches: dict[Kind, list[Watch]] = {}
        self._tasks: dict[Kind, list[asyncio.Task[None]]] = {}
        self.served: Served | None = None

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            self._follow(PODS, PODS_SELECTOR, "", _of_pod, _owner, self._woken)
            self._follow(SECRETS, "", _SECRET_TYPES, _version_only, _itself, self._secret, metadata_only=True)
            wait = _FIRST_WAIT
            while True:
                try:
                    await self._discover()
                    wait = _FIRST_WAIT
                    await asyncio.sleep(self._discovery_seconds)
                except ApiError as error:
                    log.warning("asking for the served APIs again after: %s", error)
                    await asyncio.sleep(wait)
                    wait = min(_LONGEST_WAIT, wait * 2)
        finally:
            await end([task for tasks in self._tasks.values() for task in tasks])

    async def _discover(self) -> None:
        served = await discover(self._client)
        if served == self.served:
            return
        before = set(self.served.children) if self.served else set()
        for kind in before - set(served.children):
            await end(self._tasks.pop(kind, []))
            self._watches.pop(kind, None)
        for kind in set(served.children) - before:
            self._follow(kind, CHILDREN_SELECTOR, "", kept, _owner, self._woken)
        again, self.served = self.served is not None, served
        if again:
            log.info("other APIs are served than before")
            self._wake_all()

    def _follow(
        self,
        kind: Kind,
        labels: str,
        fields: str,
        keep: Callable[[Object], Object],
        group: Callable[[Object], Hashable],
        on_change: Callable[[Kind, Object | None, Object | None], None],
        *,
        metadata_only: bool = False,
    ) -> None:
        make = partial(Watch, self._client, kind, on_change, labels=labels, fields=fields, keep=keep, group=group)
        watches = [make(namespace=namespace, metadata_only=metadata_only) for namespace in self._namespaces]
        self._watches[kind] = watches
        self._tasks[kind] = [asyncio.create_task(watch.run()) for watch in watches]

    def _woken(self, _: Kind, old: Object | None, new: Object | None) -> None:
        for item in (old, new):
            if item is not None and (name := item["metadata"].get("labels", {}).get(INSTANCE)):
                self._wake((item["metadata"]["namespace"], name))

    def _secret(self, _: Kind, old: Object | None, new: Object | None) -> None:
        item = new or old
        if item is not None:
            self._wake_secret((item["metadata"]["namespace"], item["metadata"]["name"]))

    @property
    def synced(self) -> bool:
        """Whether every watch has brought its first list."""
        return self.served is not None and all(w.synced.is_set() for found in self._watches.values() for w in found)

    async def wait_synced(self) -> None:
        """Wait for the first list of every watch."""
        while not self.synced:
            waits = [watch.synced.wait() for found in self._watches.values() for watch in found]
            await asyncio.gather(*waits)
            await asyncio.sleep(0 if self.served else 0.05)

    def children(self, key: Key) -> Iterator[tuple[Kind, Object]]:
        """Yield what bears the labels of a resource's children."""
        for kind, watches in self._watches.items():
            if kind not in (PODS, SECRETS):
                for watch in watches:
                    for item in watch.group(key):
                        yield kind, item

    def pods(self, key: Key) -> list[Object]:
        """Return the pods of a resource."""
        return [item for watch in self._watches.get(PODS, []) for item in watch.group(key)]

    def secret(self, namespace: str, name: str) -> str | None:
        """Return the resource version of a Secret; None: it is not there."""
        for watch in self._watches.get(SECRETS, []):
            if (found := watch.get(namespace, name)) is not None:
                return found["metadata"]["resourceVersion"]
        return None

    def learn(self, kind: Kind, item: Object) -> None:
        """Take in what a write of ours made of a child."""
        for watch in self._watches.get(kind, []):
            if watch.namespace in (None, item["metadata"]["namespace"]):
                watch.learn(item)
