"""Where webhooks may lead: the public internet over https, and what the deployment names beside it.

The name is resolved here and the request goes to the very address that was looked at, so that a name which answers
differently a moment later (DNS rebinding) leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from dino_common.errors import InvalidRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_RESOLVE_SECONDS = 5.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_ADDRESSES = 4


class ForbiddenTarget(InvalidRequest):
    """The address is none that a webhook may have."""


class Unresolved(Exception):
    """The name has no address now."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes.

    Attributes:
        addresses: to connect to, in this order.
        host: name for the Host header and the certificate; port: of the connection.
        authority: host and, where it is not the scheme's own, port.
    """

    scheme: str
    host: str
    port: int
    authority: str
    path: str
    addresses: tuple[str, ...]


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, also when it only wraps an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class Targets:
    """Judges addresses of webhooks.

    Args:
        allowed: ``DINO_WEBHOOK_ALLOW_PRIVATE``: names, names below a domain (``.internal``), addresses and networks,
            separated by commas. What it names may be private and may be reached over plain http.
    """

    def __init__(self, allowed: str) -> None:
        """Read the list."""
        self._names: set[str] = set()
        self._domains: list[str] = []
        self._networks: list[Network] = []
        for entry in (part.strip().lower() for part in allowed.split(",")):
            try:
                self._networks += [ipaddress.ip_network(entry, strict=False)] if entry else []
            except ValueError:
                if entry.startswith("."):
                    self._domains.append(entry)
                else:
                    self._names.add(entry)
        # Its own threads: names that take long to resolve must not hold up what else the process does in threads.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="webhook-names")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def find(self, url: str) -> Target:
        """Return where requests to the address go.

        Raises:
            ForbiddenTarget: malformed, with credentials in it, plain http, or not public, and not named either.
            Unresolved: its name has no address now.
        """
        scheme, host, port, path = _parts(url)
        found = await self._resolve(host, port)
        named = self._named(host)
        for address in found:
            if not (named or self._inside(address) or is_public(address)):
                raise ForbiddenTarget(
                    "url: leads to an address that is not of the public internet",
                    details="Webhooks reach private addresses only where DINO_WEBHOOK_ALLOW_PRIVATE names them.",
                )
        if scheme == "http" and not (named or all(self._inside(address) for address in found)):
            raise ForbiddenTarget("url: must be https", details="Plain http is for addresses that are named only.")
        usual = port == (443 if scheme == "https" else 80)
        shown = f"[{host}]" if ":" in host else host
        return Target(
            scheme,
            host,
            port,
            shown if usual else f"{shown}:{port}",
            path,
            tuple(str(address) for address in found[:_MOST_ADDRESSES]),
        )

    def _named(self, host: str) -> bool:
        return host in self._names or any(host.endswith(domain) for domain in self._domains)

    def _inside(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await loop.run_in_executor(
                    self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                )
            addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        except (OSError, TimeoutError, UnicodeError, ValueError):
            raise Unresolved(f"{host} has no address") from None
        if not addresses:
            raise Unresolved(f"{host} has no address")
        return list(dict.fromkeys(addresses))


def _parts(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path with query."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        if parts.scheme not in ("http", "https") or not host or not host.isascii() or "%" in host:
            raise ValueError(url[:0])
    except ValueError:
        raise ForbiddenTarget("url: is no address of the form https://host/path") from None
    if parts.username is not None or parts.password is not None:
        raise ForbiddenTarget("url: must not carry credentials", details="Check the signature instead.")
    if parts.fragment:
        raise ForbiddenTarget("url: must not have a fragment")
    if port == 0:
        raise ForbiddenTarget("url: has no usable port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host.lower(), port or (443 if parts.scheme == "https" else 80), path
