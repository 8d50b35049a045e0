"""Which Secrets a resource needs, what of them is missing, and a hash of each; contents are not kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from dino_operator.control.world import World
from dino_operator.kube.client import KubeClient
from dino_operator.kube.errors import NotFound
from dino_operator.kube.kinds import SECRETS
from dino_operator.observe import MissingSecret
from dino_operator.render.context import SERVICES, Context
from dino_operator.render.environment import own_environment, secret_environment, secrets_read
from dino_operator.render.facts import Facts
from dino_operator.render.weights import weights
from dino_operator.spec.deployment import DinoDeployment

NATS_URL = "NATS_URL"


@dataclass(frozen=True, slots=True)
class Need:
    """A key of a Secret that pods read.

    Attributes:
        variable: the environment variable that it becomes.
        optional: pods start without it.
        field: of the resource, which names the Secret.
    """

    variable: str
    secret: str
    key: str
    optional: bool
    field: str


def needs(resource: DinoDeployment, facts: Facts) -> list[Need]:
    """Return every key that the pods of a resource read."""
    context = Context(resource, facts)
    variables = [(item, "spec.model.source") for v in context.versions for item in weights(context, v).environment]
    variables += [(item, "") for service in SERVICES for item in secret_environment(context, service)]
    for service in SERVICES:
        own = [item for item in own_environment(context, service) if secrets_read([item])]
        variables += [(item, f"spec.{service}.env") for item in own]
    found: dict[tuple[str, str], Need] = {}
    for item, field in variables:
        reference = item["valueFrom"]["secretKeyRef"]
        need = Need(
            item["name"],
            reference["name"],
            reference["key"],
            bool(reference.get("optional")),
            field or _field(resource, item["name"]),
        )
        found.setdefault((need.secret, need.key), need)
    return list(found.values())


def _field(resource: DinoDeployment, variable: str) -> str:
    connections = resource.spec.connections
    part, name = {
        "MONGODB_URL": (connections.mongodb, "mongodb"),
        "REDIS_URL": (connections.redis, "redis"),
        NATS_URL: (connections.nats, "nats"),
        "QDRANT_URL": (connections.vector_index, "vectorIndex"),
        "QDRANT_API_KEY": (connections.vector_index, "vectorIndex"),
    }.get(variable, (connections.object_storage, "objectStorage"))
    if variable == "DINO_WEBHOOK_SECRET_KEYS":
        return "spec.gateway.webhooks.secretName"
    if variable == "DINO_GENERATOR_API_KEY":
        return "spec.analytics.generator.secretName"
    own = part is not None and part.secret_name is not None
    return f"spec.connections.{name}.secretName" if own else "spec.connections.secretName"


@dataclass(frozen=True, slots=True)
class _Read:
    version: str
    digest: str
    keys: frozenset[str]
    urls: dict[str, str]


@dataclass(frozen=True, slots=True)
class Secrets:
    """What was found.

    Attributes:
        hashes: by name of the Secret, for `Facts`; of one that is missing, the last one known, so that no pod is
            restarted for it.
        unknown: one that pods wait for is missing and was never seen.
        missing: what pods wait for.
        nats_url: of the bus; None while it is missing.
    """

    hashes: dict[str, str]
    unknown: bool
    missing: tuple[MissingSecret, ...]
    nats_url: str | None


class SecretReader:
    """Reads a Secret once for each of its versions, when somebody needs it."""

    def __init__(self, client: KubeClient, world: World) -> None:
        """Begin with nothing known."""
        self._client, self._world = client, world
        self._known: dict[tuple[str, str], _Read] = {}

    async def look(self, namespace: str, wanted: Iterable[Need]) -> Secrets:
        """Return what is known of the Secrets that are needed.

        Raises:
            ApiError: the server does not answer, or refuses.
        """
        wanted = list(wanted)
        hashes: dict[str, str] = {}
        missing: list[MissingSecret] = []
        url: str | None = None
        unknown = False
        for name in sorted({need.secret for need in wanted}):
            here = [need for need in wanted if need.secret == name]
            url_keys = frozenset(need.key for need in here if need.variable == NATS_URL)
            found = await self._read(namespace, name, url_keys)
            if found is None:
                old = self._known.get((namespace, name))
                hashes |= {name: old.digest} if old else {}
                required = [need for need in here if not need.optional]
                unknown = unknown or (old is None and bool(required))
                missing += [MissingSecret(name, None, required[0].field)] if required else []
                continue
            hashes[name] = found.digest
            missing += [
                MissingSecret(name, need.key, need.field)
                for need in here
                if not need.optional and need.key not in found.keys
            ]
            url = next((found.urls[key] for key in url_keys if key in found.urls), url)
        return Secrets(hashes, unknown, tuple(missing), url)

    async def _read(self, namespace: str, name: str, url_keys: frozenset[str]) -> _Read | None:
        version = self._world.secret(namespace, name)
        if version is None:
            return None
        known = self._known.get((namespace, name))
        if known is not None and known.version == version and url_keys & known.keys <= known.urls.keys():
            return known
        try:
            item = await self._client.request("get", "GET", SECRETS.path(namespace, name))
        except NotFound:
            return None
        data: dict[str, str] = item.get("data") or {}
        read = _Read(
            version=item["metadata"]["resourceVersion"],
            digest=hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16],
            keys=frozenset(key for key, value in data.items() if value),
            urls={key: url for key in url_keys if (url := _text(data.get(key)))},
        )
        self._known[namespace, name] = read
        return read

    def forget(self, namespace: str, names: Iterable[str]) -> None:
        """Drop what is known of Secrets that nobody needs any more."""
        for name in names:
            self._known.pop((namespace, name), None)


def _text(value: str | None) -> str | None:
    try:
        return base64.b64decode(value or "", validate=True).decode().strip() or None
    except (binascii.Error, UnicodeDecodeError):
        return None
