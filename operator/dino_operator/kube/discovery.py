"""Which APIs the server serves: versions and kinds, read again from time to time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from dino_operator.kube.client import KubeClient
from dino_operator.kube.errors import NotFound
from dino_operator.kube.kinds import CHILDREN, Kind


@dataclass(frozen=True, slots=True)
class Served:
    """What is served.

    Attributes:
        versions: served API versions, such as ``autoscaling/v2``.
        children: the kinds of children that can be made, each in its newest served version.
    """

    versions: frozenset[str]
    children: tuple[Kind, ...]

    @property
    def crds(self) -> frozenset[str]:
        """Names of the kinds of children that other projects define, as of their CRDs."""
        return frozenset(f"{kind.plural}.{kind.group}" for kind in self.children if "." in kind.group)


async def discover(client: KubeClient) -> Served:
    """Ask the server what it serves, of the groups that matter here.

    Raises:
        ApiError: it does not answer.
    """
    groups = (await client.request("get", "GET", "/apis"))["groups"]
    versions = {version["groupVersion"] for group in groups for version in group["versions"]} | {"v1"}
    wanted = sorted({kind.api_version for choice in CHILDREN for kind in choice} & versions)
    lists = await asyncio.gather(*(_plurals(client, version) for version in wanted))
    there = {(version, plural) for version, found in zip(wanted, lists, strict=True) for plural in found}
    children = [next((k for k in choice if (k.api_version, k.plural) in there), None) for choice in CHILDREN]
    return Served(frozenset(versions), tuple(kind for kind in children if kind is not None))


async def _plurals(client: KubeClient, version: str) -> set[str]:
    path = f"/{'apis' if '/' in version else 'api'}/{version}"
    try:
        found: dict[str, Any] = await client.request("get", "GET", path)
    except NotFound:
        return set()  # a CRD that went away between the two questions
    return {item["name"] for item in found["resources"]}
