"""A local copy of a kind's objects: a list, then a watch from there, again and again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Iterator
from typing import Any

from dino_operator import metrics
from dino_operator.kube.client import METADATA, METADATA_LIST, KubeClient, Object
from dino_operator.kube.errors import ApiError, Gone, NotFound
from dino_operator.kube.kinds import Kind

log = logging.getLogger(__name__)

Place = tuple[str, str]
# Told of every difference: the object as it was and as it is; None: it was not there, or is no more.
OnChange = Callable[[Kind, Object | None, Object | None], None]
Keep = Callable[[Object], Object]

_PAGE = 500
_WATCH_SECONDS = 300
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0


def place_of(item: Object) -> Place:
    """Return namespace (empty where there is none) and name."""
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Watch:
    """The objects of one kind that match a selector, in one namespace or all.

    Args:
        client, kind: what is watched.
        on_change: called for every difference, also those that a list after a gap shows.
        namespace: one; None: all.
        labels, fields: selectors.
        keep: what of an object is kept, so that thousands of them fit into memory.
        group: what objects are found by, together.
        metadata_only: ask for no more than metadata.
        seconds: how long one watch is asked to stay open.
    """

    def __init__(
        self,
        client: KubeClient,
        kind: Kind,
        on_change: OnChange,
        *,
        namespace: str | None = None,
        labels: str = "",
        fields: str = "",
        keep: Keep = lambda item: item,
        group: Callable[[Object], Hashable] = place_of,
        metadata_only: bool = False,
        seconds: int = _WATCH_SECONDS,
    ) -> None:
        """Prepare; `run` begins."""
        self.kind, self.namespace = kind, namespace
        self._client, self._on_change, self._keep, self._seconds = client, on_change, keep, seconds
        self._selectors = {
            name: value for name, value in (("labelSelector", labels), ("fieldSelector", fields)) if value
        }
        self._accept = (METADATA_LIST, METADATA) if metadata_only else (None, None)
        self._objects: dict[Place, Object] = {}
        self._group_of, self._groups = group, dict[Hashable, dict[Place, Object]]()
        self.synced = asyncio.Event()

    def __iter__(self) -> Iterator[Object]:
        """Every object, in no order."""
        return iter(tuple(self._objects.values()))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._objects)

    def get(self, namespace: str, name: str) -> Object | None:
        """Return one object."""
        return self._objects.get((namespace, name))

    def group(self, name: Hashable) -> Iterable[Object]:
        """Return the objects of a group."""
        return tuple(self._groups.get(name, {}).values())

    def _store(self, item: Object) -> None:
        self._drop(place_of(item))
        self._objects[place_of(item)] = item
        self._groups.setdefault(self._group_of(item), {})[place_of(item)] = item

    def _drop(self, place: Place) -> Object | None:
        known = self._objects.pop(place, None)
        if known is not None:
            name = self._group_of(known)
            del self._groups[name][place]
            if not self._groups[name]:
                del self._groups[name]
        return known

    def learn(self, item: Object) -> None:
        """Take in the answer to a write of our own, so that the next look need not wait for the watch."""
        known = self._objects.get(place_of(item))
        if known is None or _version(item) > _version(known):
            self._store(self._keep(item))

    async def run(self) -> None:
        """Follow until cancelled."""
        version, wait = None, _FIRST_WAIT
        while True:
            try:
                if version is None:
                    version = await self._list()
                    self.synced.set()
                    wait = _FIRST_WAIT
                async for seen in self._follow(version):
                    version, wait = seen, _FIRST_WAIT
            except Gone:
                metrics.WATCH_RESTARTS.labels(self.kind.plural, "Gone").inc()
                version = None
            except ApiError as error:
                metrics.WATCH_RESTARTS.labels(self.kind.plural, error.reason or str(error.status)).inc()
                level = logging.WARNING if wait > 1 else logging.INFO
                log.log(level, "watching %s again after: %s", self.kind.plural, error)
                if not error.passing:
                    # Also a kind that is served no more: nothing of it is left.
                    if isinstance(error, NotFound):
                        self._replace([])
                    version = None
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))
                wait = min(_LONGEST_WAIT, wait * 2)
            except Exception:
                # An answer that nobody foresaw must not leave a copy that is never refreshed again.
                log.exception("watching %s again", self.kind.plural)
                version, wait = None, _LONGEST_WAIT
                await asyncio.sleep(wait)

    async def _list(self) -> str:
        found: list[Object] = []
        params: dict[str, Any] = {"limit": _PAGE} | self._selectors
        while True:
            page = await self._client.request(
                "list", "GET", self.kind.path(self.namespace), params=params, accept=self._accept[0]
            )
            # A list of metadata alone has null for nothing.
            found += page["items"] or []
            if not (more := page["metadata"].get("continue")):
                self._replace(found)
                return page["metadata"]["resourceVersion"]
            params["continue"] = more

    def _replace(self, found: list[Object]) -> None:
        now = {place_of(item): item for item in found}
        for place in [place for place in self._objects if place not in now]:
            self._on_change(self.kind, self._drop(place), None)
        for item in now.values():
            self._put(item)

    def _put(self, item: Object) -> None:
        known = self._objects.get(place_of(item))
        if known is not None and _version(known) >= _version(item):
            return
        # Items of a list do not say what they are.
        kept = self._keep({"apiVersion": self.kind.api_version, "kind": self.kind.kind} | item)
        self._store(kept)
        self._on_change(self.kind, known, kept)

    async def _follow(self, version: str) -> AsyncIterator[str]:
        params = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": self._seconds,
        } | self._selectors
        path = self.kind.path(self.namespace)
        async for event in self._client.lines(path, params, self._seconds, self._accept[1]):
            item = event["object"]
            if event["type"] == "ERROR":
                reason, message = item.get("reason", ""), item.get("message", "")
                fault = Gone if item.get("code") == 410 else ApiError
                raise fault(item.get("code", 0), reason, message)
            version = item["metadata"]["resourceVersion"]
            if event["type"] == "DELETED":
                known = self._objects.get(place_of(item))
                # One that was made anew in the meantime is known by our own write.
                if known is None or _version(known) <= _version(item):
                    self._on_change(self.kind, self._drop(place_of(item)) or item, None)
            elif event["type"] != "BOOKMARK":
                self._put(item)
            yield version


def _version(item: Object) -> int:
    """Order two states of one object; the API calls versions opaque, and every server counts them up."""
    text = item["metadata"].get("resourceVersion", "")
    return int(text) if text.isdigit() else 0
