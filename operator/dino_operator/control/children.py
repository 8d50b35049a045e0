"""The children of one resource: what is wanted against what lives, and the writes that close the gap."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from dino_operator.control.world import World
from dino_operator.kube.apply import (
    APPLIED,
    NameTaken,
    apply,
    differs,
    finished,
    others_replicas,
    owner_reference,
    remove,
)
from dino_operator.kube.client import KubeClient, Object
from dino_operator.kube.errors import ApiError, Forbidden, Invalid
from dino_operator.kube.kinds import DEPLOYMENTS, KEPT_FOR_EVER, Kind
from dino_operator.kube.leading import Leading, NotLeadingError
from dino_operator.observe import Refused
from dino_operator.render.context import ROLE_LABEL

log = logging.getLogger(__name__)

Name = tuple[str, str]
_LAST = frozenset({"Deployment", "HorizontalPodAutoscaler", "ScaledObject"})
# Quotas, webhooks and rights change without a word to us; a spec that is refused does not.
_FORBIDDEN_AGAIN, _INVALID_AGAIN = 30.0, 300.0
# Of one resource: others want their turn too.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """A child that was not taken.

    Attributes:
        of: hash of what was sent, and the uid of what it was to change; the same is not sent again before `until`.
    """

    said: Refused
    of: tuple[str, str | None]
    until: float


@dataclass(slots=True)
class Outcome:
    """What came of one round.

    Attributes:
        written: children created, updated or deleted.
        refused: by child; those of earlier rounds that are not due again stand in it too.
    """

    written: int
    refused: dict[Name, Refusal]

    def again(self) -> float | None:
        """Return in how many seconds a refused child is tried again."""
        return min((max(0.0, r.until - time.monotonic()) for r in self.refused.values()), default=None)


def name_of(item: Object) -> Name:
    """Return kind and name."""
    return item["kind"], item["metadata"]["name"]


def is_owned(item: Object, uid: str) -> bool:
    """Tell whether a live object is a child of the resource with this uid."""
    return any(owner["uid"] == uid for owner in item["metadata"].get("ownerReferences") or [])


class Children:
    """Applies and prunes."""

    def __init__(self, client: KubeClient, world: World, leading: Leading) -> None:
        """Write with this client while we lead; what is written is told to the world."""
        self._client, self._world, self._leading = client, world, leading

    async def bring(
        self,
        resource: Object,
        rendered: Iterable[Object],
        live: list[tuple[Kind, Object]],
        refused: dict[Name, Refusal],
        hold: Callable[[Object], bool],
    ) -> Outcome:
        """Make what lives be what is rendered.

        Args:
            resource: the owner, as the API server has it.
            rendered: everything that is wanted.
            live: what bears the labels of the resource's children.
            refused: of the round before.
            hold: tells which objects, rendered or live, are left as they are for now.

        Raises:
            ApiError: a passing fault; everything else was tried before it was raised.
            NotLeadingError: another operator may act by now.
        """
        owner, uid = owner_reference(resource), resource["metadata"]["uid"]
        kinds = {
            (kind.api_version, kind.kind): kind for kind in (self._world.served.children if self._world.served else ())
        }
        there = {name_of(item): (kind, item) for kind, item in live}
        wanted = [finished(item, None if item["kind"] in KEPT_FOR_EVER else owner) for item in rendered]
        outcome = Outcome(0, {})
        due: list[tuple[Kind, Object, Object | None]] = []
        for item in wanted:
            known = there.get(name_of(item), (None, None))[1]
            if hold(item):
                continue
            item = _without_others_replicas(item, known)
            if not differs(item, known):
                continue
            before = refused.get(name_of(item))
            if before is not None and before.of == _attempt(item, known) and before.until > time.monotonic():
                outcome.refused[name_of(item)] = before
                continue
            due.append((kinds[item["apiVersion"], item["kind"]], item, known))
        names = {name_of(item) for item in wanted}
        stale = [
            (kind, item)
            for name, (kind, item) in there.items()
            if name not in names
            and item["kind"] not in KEPT_FOR_EVER
            and is_owned(item, uid)
            and item["metadata"].get("deletionTimestamp") is None
            and not hold(item)
        ]
        first = [work for work in due if work[1]["kind"] not in _LAST]
        await self._together([self._apply(*work, outcome) for work in first])
        await self._together([self._apply(*work, outcome) for work in due if work not in first])
        await self._together([self._remove(kind, item, outcome) for kind, item in stale])
        return outcome

    async def _together(self, works: list[Coroutine[Any, Any, None]]) -> None:
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(work: Coroutine[Any, Any, None]) -> None:
            async with few:
                await work

        done = await asyncio.gather(*map(one, works), return_exceptions=True)
        for fault in done:
            if fault is not None:
                raise fault

    async def _apply(self, kind: Kind, item: Object, known: Object | None, outcome: Outcome) -> None:
        self._check()
        try:
            done = await apply(self._client, kind, item, known)
        except (Invalid, Forbidden, NameTaken) as fault:
            if isinstance(fault, ApiError) and fault.reason == "NamespaceTerminating":
                raise
            message = fault.message if isinstance(fault, ApiError) else str(fault)
            wait = _INVALID_AGAIN if isinstance(fault, Invalid) else _FORBIDDEN_AGAIN
            said = Refused(f"{item['kind']} {item['metadata']['name']}", message)
            outcome.refused[name_of(item)] = Refusal(said, _attempt(item, known), time.monotonic() + wait)
            log.warning("%s of %s was refused: %s", said.child, item["metadata"]["namespace"], message)
            return
        outcome.written += 1
        self._world.learn(kind, done)

    def _check(self) -> None:
        if not self._leading.sure():
            raise NotLeadingError

    async def _remove(self, kind: Kind, item: Object, outcome: Outcome) -> None:
        self._check()
        await remove(self._client, kind, item)
        outcome.written += 1


def _attempt(item: Object, known: Object | None) -> tuple[str, str | None]:
    return item["metadata"]["annotations"][APPLIED], known["metadata"].get("uid") if known else None


def _without_others_replicas(item: Object, known: Object | None) -> Object:
    """Leave the number of pods to a controller that took it, but for model versions that are to have their own."""
    if item["kind"] != DEPLOYMENTS.kind or "replicas" not in item["spec"] or others_replicas(known) is None:
        return item
    if item["metadata"]["labels"].get(ROLE_LABEL, "serving") != "serving":
        return item
    return item | {"spec": {name: value for name, value in item["spec"].items() if name != "replicas"}}
