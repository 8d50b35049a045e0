"""Choosing TCP ports: the usual one when it is free, else a free one, and never the same one twice."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass, field

# Below every system's range of ephemeral ports, so that no outgoing connection takes a port between
# the moment it was found free and the moment a server listens on it.
LOWEST, HIGHEST = 10_240, 20_479
# SeaweedFS's worker dials its admin server on the HTTP port plus this, whatever the flags say.
GRPC_OFFSET = 10_000
TRIES = 2_000


class NoFreePort(RuntimeError):
    """Raised when no free port was found after many tries."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on ``host:port`` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port in TIME_WAIT may be taken, one that something listens on may not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@dataclass
class PortPicker:
    """Hands out free ports of one host.

    Args:
        host: address that the servers will listen on.
        prefer_usual: whether a server's usual port is tried first.
        moved: filled with ``(what, usual port, chosen port)`` for each usual port that was taken.
    """

    host: str = "127.0.0.1"
    prefer_usual: bool = True
    moved: list[tuple[str, int, int]] = field(default_factory=list)
    _given: set[int] = field(default_factory=set)

    def pick(self, what: str, usual: int, host: str | None = None) -> int:
        """Return a free port for ``what``, ``usual`` if possible; ``host`` overrides the picker's."""
        return self._choose(what, usual, (0,), host or self.host)

    def pick_with_grpc(self, what: str, usual: int) -> tuple[int, int]:
        """Return two free ports, the second ``GRPC_OFFSET`` above the first."""
        port = self._choose(what, usual, (0, GRPC_OFFSET), self.host)
        return port, port + GRPC_OFFSET

    def _choose(self, what: str, usual: int, offsets: tuple[int, ...], host: str) -> int:
        if self.prefer_usual and self._take(usual, offsets, host):
            return usual
        for _ in range(TRIES):
            port = random.randint(LOWEST, HIGHEST)
            if self._take(port, offsets, host):
                if self.prefer_usual:
                    self.moved.append((what, usual, port))
                return port
        raise NoFreePort(f"no free port for {what} between {LOWEST} and {HIGHEST} on {host}")

    def _take(self, port: int, offsets: tuple[int, ...], host: str) -> bool:
        wanted = [port + offset for offset in offsets]
        if any(number in self._given or not is_free(number, host) for number in wanted):
            return False
        self._given.update(wanted)
        return True
