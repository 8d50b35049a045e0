"""The resources themselves as last seen, and the state that is kept of each between two looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dino_operator.control.bus import ResourceBus
from dino_operator.control.children import Name, Refusal
from dino_operator.control.queue import Key
from dino_operator.kube.client import Object


@dataclass(slots=True)
class Kept:
    """What is remembered of one resource; losing it costs a look at the cluster and nothing else.

    Attributes:
        bus: its link.
        refused: children that the API server did not take.
        secrets: names that it needs.
        dropped: what the API server leaves out of a status that it takes, as under an older definition.
    """

    bus: ResourceBus | None = None
    refused: dict[Name, Refusal] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    dropped: Object = field(default_factory=dict)


class Resources:
    """Bodies by key; older ones never take the place of newer ones."""

    def __init__(self) -> None:
        """Begin empty."""
        self._bodies: dict[Key, Object] = {}
        self.kept: dict[Key, Kept] = {}

    def put(self, body: Object) -> bool:
        """Take a body in; return whether it is news."""
        key = key_of(body)
        known = self._bodies.get(key)
        if (
            known is not None
            and known["metadata"]["uid"] == body["metadata"]["uid"]
            and version_of(known) >= version_of(body)
        ):
            return False
        metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        actor = _scale_actor(body) or (known or {}).get("scaleActor")
        self._bodies[key] = {**body, "metadata": metadata, "scaleActor": actor}
        return True

    def drop(self, key: Key) -> None:
        """Forget a body; what was kept of it goes with the last look."""
        self._bodies.pop(key, None)

    def get(self, key: Key) -> Object | None:
        """Return a body."""
        return self._bodies.get(key)

    def of(self, key: Key) -> Kept:
        """Return what is kept of a resource."""
        return self.kept.setdefault(key, Kept())

    def needing(self, namespace: str, secret: str) -> Iterator[Key]:
        """Yield the resources that need a Secret."""
        for key, kept in self.kept.items():
            if key[0] == namespace and secret in kept.secrets:
                yield key

    def __iter__(self) -> Iterator[Key]:
        """Every key."""
        return iter(tuple(self._bodies))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._bodies)


def key_of(body: Object) -> Key:
    """Return namespace and name."""
    return body["metadata"]["namespace"], body["metadata"]["name"]


def version_of(body: Object) -> int:
    """Return the order of a state among those of its object."""
    text = body["metadata"].get("resourceVersion", "")
    return int(text) if text.isdigit() else 0


def _scale_actor(body: Object) -> str | None:
    entries = [e for e in body["metadata"].get("managedFields") or [] if e.get("subresource") == "scale"]
    latest = max(entries, key=lambda entry: entry.get("time") or "", default=None)
    return latest["manager"] if latest else None
