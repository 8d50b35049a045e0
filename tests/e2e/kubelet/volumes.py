"""Volumes of a pod as local directories, and its service account's credentials."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.kubelet.api import Api, ApiError, Manifest
from tests.e2e.kubelet.references import ConfigError, References, field

TOKEN_DIR = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 7200


class Volumes:
    """Prepares the volumes of one pod.

    Args:
        api: of the cluster.
        pod: as scheduled.
        directory: of the pod, removed with it.
        host: stands for the node's root directory in ``hostPath`` volumes.
        address: the pod's.
    """

    def __init__(self, api: Api, pod: Manifest, directory: Path, host: Path, address: str) -> None:
        """Nothing is made yet."""
        self.api = api
        self.pod = pod
        self.directory = directory
        self.host = host
        self.address = address
        self.namespace: str = pod["metadata"]["namespace"]
        self.references = References(api, self.namespace)

    async def prepare(self) -> dict[str, Path]:
        """Make every volume and return its place by name.

        Raises:
            ConfigError: what a volume refers to is missing (a kubelet says FailedMount and tries again).
        """
        return {volume["name"]: await self._prepare(volume) for volume in self.pod["spec"].get("volumes") or []}

    async def kubeconfig(self) -> Path:
        """Write a kubeconfig with a token bound to the pod, and return its path."""
        path = self.directory / "kubeconfig"
        token = await self._token(None, TOKEN_SECONDS)
        path.touch(mode=0o600)
        path.write_text(self.api.cluster.kubeconfig(token, self.namespace))
        return path

    async def _prepare(self, volume: Manifest) -> Path:
        place = self.directory / "volumes" / volume["name"]
        match volume:
            case {"hostPath": source}:
                return self._of_the_node(source)
            case {"persistentVolumeClaim": source}:
                return await self._claimed(source["claimName"])
        place.mkdir(parents=True, exist_ok=True)
        match volume:
            case {"emptyDir": _}:
                pass
            case {"configMap": source}:
                data = await self.references.config_map(source["name"], optional=source.get("optional", False))
                _write(place, data, source.get("items"))
            case {"secret": source}:
                data = await self.references.secret(source["secretName"], optional=source.get("optional", False))
                _write(place, data, source.get("items"))
            case {"projected": source}:
                for part in source["sources"]:
                    await self._project(place, part)
            case {"downwardAPI": source}:
                self._downward(place, source)
            case _:
                raise ConfigError(f"volume {volume['name']} is of a kind that this kubelet does not have")
        return place

    async def _project(self, place: Path, part: Manifest) -> None:
        match part:
            case {"serviceAccountToken": source}:
                token = await self._token(source.get("audience"), source.get("expirationSeconds", 3600))
                _write(place, {source["path"]: token.encode()}, None)
            case {"configMap": source}:
                data = await self.references.config_map(source["name"], optional=source.get("optional", False))
                _write(place, data, source.get("items"))
            case {"secret": source}:
                data = await self.references.secret(source["name"], optional=source.get("optional", False))
                _write(place, data, source.get("items"))
            case {"downwardAPI": source}:
                self._downward(place, source)

    def _downward(self, place: Path, source: Manifest) -> None:
        for item in source.get("items") or []:
            text = field(self.pod, item["fieldRef"]["fieldPath"], self.address)
            _write(place, {item["path"]: text.encode()}, None)

    def _of_the_node(self, source: Manifest) -> Path:
        path = self.host / source["path"].strip("/")
        kind = source.get("type") or ""
        if kind.endswith("OrCreate"):
            path.mkdir(parents=True, exist_ok=True)
        elif kind and not path.exists():
            raise ConfigError(f"hostPath type check failed: {source['path']} is not a {kind.lower()}")
        return path

    async def _claimed(self, name: str) -> Path:
        try:
            claim = await self.api.get(f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims/{name}")
            bound = claim["spec"].get("volumeName")
            if not bound:
                raise ConfigError(f'persistentvolumeclaim "{name}" is not bound')
            volume = await self.api.get(f"/api/v1/persistentvolumes/{bound}")
        except ApiError as error:
            raise ConfigError(error.message) from error
        return Path(volume["spec"]["hostPath"]["path"])

    async def _token(self, audience: str | None, seconds: int) -> str:
        account = self.pod["spec"].get("serviceAccountName", "default")
        metadata = self.pod["metadata"]
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [audience] if audience else [],
                "expirationSeconds": max(600, seconds),
                "boundObjectRef": {
                    "kind": "Pod",
                    "apiVersion": "v1",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                },
            },
        }
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        try:
            return (await self.api.create(path, request))["status"]["token"]
        except ApiError as error:
            raise ConfigError(f"failed to fetch token: {error.message}") from error


def _write(place: Path, data: dict[str, bytes] | None, items: list[Manifest] | None) -> None:
    for name, content in (data or {}).items():
        chosen = [item["path"] for item in items if item["key"] == name] if items else [name]
        for path in chosen:
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
