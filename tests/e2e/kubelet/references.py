"""Reading what pods refer to, with the words of a kubelet where it is missing."""

from __future__ import annotations

import base64
from typing import Any

from tests.e2e.kubelet.api import Api, ApiError, Manifest


class ConfigError(Exception):
    """A container cannot be created as its pod says (``CreateContainerConfigError``)."""


class References:
    """Secrets and ConfigMaps of one namespace."""

    def __init__(self, api: Api, namespace: str) -> None:
        """Nothing is read before it is asked for."""
        self.api = api
        self.namespace = namespace

    async def secret(self, name: str, *, optional: bool = False) -> dict[str, bytes] | None:
        """Return a Secret's data; None when it is optional and missing."""
        found = await self._read("secrets", "secret", name, optional)
        return None if found is None else {k: base64.b64decode(v) for k, v in (found.get("data") or {}).items()}

    async def config_map(self, name: str, *, optional: bool = False) -> dict[str, bytes] | None:
        """Return a ConfigMap's data; None when it is optional and missing."""
        found = await self._read("configmaps", "configmap", name, optional)
        if found is None:
            return None
        texts = {name: value.encode() for name, value in (found.get("data") or {}).items()}
        return texts | {name: base64.b64decode(value) for name, value in (found.get("binaryData") or {}).items()}

    async def secret_key(self, ref: Manifest) -> str | None:
        """Return one key of a Secret; None when it is optional and missing."""
        return self._one("Secret", ref, await self.secret(ref["name"], optional=ref.get("optional", False)))

    async def config_map_key(self, ref: Manifest) -> str | None:
        """Return one key of a ConfigMap; None when it is optional and missing."""
        return self._one("ConfigMap", ref, await self.config_map(ref["name"], optional=ref.get("optional", False)))

    async def _read(self, plural: str, kind: str, name: str, optional: bool) -> Manifest | None:
        try:
            return await self.api.get(f"/api/v1/namespaces/{self.namespace}/{plural}/{name}")
        except ApiError as error:
            if error.status != 404:
                raise ConfigError(f"failed to sync {kind} cache: {error.message}") from error
            if optional:
                return None
            raise ConfigError(f'{kind} "{name}" not found') from error

    def _one(self, kind: str, ref: Manifest, data: dict[str, bytes] | None) -> str | None:
        if data is not None and ref["key"] in data:
            return data[ref["key"]].decode()
        if ref.get("optional"):
            return None
        raise ConfigError(f"couldn't find key {ref['key']} in {kind} {self.namespace}/{ref['name']}")


def field(pod: Manifest, path: str, address: str) -> str:
    """Return a field of the pod by the downward API's path."""
    metadata: Manifest = pod["metadata"]
    if path.endswith("']"):
        where, _, key = path.removesuffix("']").partition("['")
        labels: Any = metadata.get(where.removeprefix("metadata."), {})
        return labels.get(key, "")
    values = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "status.podIP": address,
        "status.hostIP": "127.0.0.1",
    }
    if path not in values:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return values[path]
