"""What resources left in NATS that were deleted while no operator ran."""

from __future__ import annotations

import logging

from dino_common.bus.rollout_link import RolloutLink
from dino_common.errors import DinoError
from dino_operator.control.queue import Key
from dino_operator.control.resources import Resources
from dino_operator.kube.leading import Leading

log = logging.getLogger(__name__)


class Strays:
    """Takes back the rollout and thresholds of resources that are gone, once for each NATS and term of leading.

    Only those that bear this installation's mark: on the same NATS there may be platforms of other clusters, and
    some that no operator runs. What lies in a NATS that no present resource names is not found.

    Args:
        resources: all that there are.
        namespaces: looked after; empty: all. Of others nothing is known.
        leading: whose mark counts.
    """

    def __init__(self, resources: Resources, namespaces: tuple[str, ...], leading: Leading) -> None:
        """Begin with no NATS looked at."""
        self._resources, self._namespaces, self._leading = resources, namespaces, leading
        self._looked_at: set[str] = set()

    def again(self) -> None:
        """Look everywhere once more: another operator acted in between, or nobody."""
        self._looked_at.clear()

    async def sweep(self, url: str, link: RolloutLink) -> None:
        """Look at a NATS, by the link of a resource that uses it."""
        if url in self._looked_at:
            return
        self._looked_at.add(url)
        try:
            for key in await link.marked(self._leading.mark):
                if self._known(key) or (self._namespaces and key[0] not in self._namespaces):
                    continue
                # One of that name may be made while we ask.
                if await self._leading.confirm() and not self._known(key):
                    await link.forget(*key)
                    log.info("%s/%s is gone: its rollout and thresholds are taken out of NATS", *key)
        except DinoError as error:
            # Some servers let nobody list streams; what is left there harms nobody.
            log.info("what deleted resources left in NATS is not looked for: %s", error.message)

    def _known(self, key: Key) -> bool:
        return self._resources.get(key) is not None
