"""Thresholds under an operator: set in the DinoDeployment, from where the operator brings them to every service."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import httpx

from dino_common.bus.live_config import LiveConfig
from dino_common.contracts.configuration import CategoryThresholds, ThresholdName, Thresholds
from dino_common.errors import Conflict, DinoError, InvalidRequest, ServiceUnavailable
from dino_gateway.kube_credentials import KubeAccess, find_access

log = logging.getLogger(__name__)

_RESOURCES = "apis/dinov3.io/v1alpha1/namespaces/{namespace}/dinodeployments/{name}"
_ANSWER_SECONDS, _PASSED_ON_SECONDS = 5.0, 5.0


class ResourceThresholds:
    """Changes ``spec.thresholds`` of the resource that owns this platform."""

    def __init__(
        self, namespace: str, name: str, config: LiveConfig, access: Callable[[], KubeAccess] = find_access
    ) -> None:
        """Nothing is asked yet.

        Args:
            namespace, name: of the resource.
            config: shows what the operator has passed on.
            access: tells how to reach the API server; asked once.
        """
        self._path = _RESOURCES.format(namespace=namespace, name=name)
        self._what = f"DinoDeployment {namespace}/{name}"
        self._config, self._find_access = config, access
        self._access: KubeAccess | None = None
        self._client: httpx.AsyncClient | None = None

    async def change(self, name: ThresholdName, value: float | None) -> Thresholds:
        """Set one threshold (None: not set), wait until it is in force, and return those in force before.

        Raises:
            Conflict: the resource is being changed by others.
            InvalidRequest: the API server refuses the value.
            ServiceUnavailable: the API server does not answer or refuses the gateway, or the operator has not passed
                the change on.
        """
        before = self._config.thresholds
        await self._patch({"spec": {"thresholds": {name: value}}})
        await self._passed_on(lambda now: getattr(now, name) == value)
        return before

    async def change_category(self, category: str, thresholds: CategoryThresholds) -> None:
        """Set all thresholds of a category and wait until they are in force.

        Raises:
            Conflict, InvalidRequest, ServiceUnavailable: as ``change``.
        """
        await self._patch({"spec": {"thresholds": {"categories": {category: thresholds.model_dump()}}}})
        await self._passed_on(lambda now: now.categories.get(category) == thresholds)

    async def _passed_on(self, holds: Callable[[Thresholds], bool]) -> None:
        if not await self._config.thresholds_become(holds, _PASSED_ON_SECONDS):
            raise ServiceUnavailable(
                f"{self._what} was changed, but its operator has not passed the change on",
                details="Check that the operator runs and what the resource's conditions say; the threshold is in "
                "force as soon as it does.",
                retry_after=5,
            )

    async def _patch(self, change: dict[str, Any]) -> None:
        response = await self._send(change)
        if response.status_code == 401 and os.environ.get("KUBECONFIG") is None:
            response = await self._send(change)  # a pod's token may have been exchanged in that moment
        if response.status_code >= 300:
            raise refusal(self._what, response.status_code, _message(response))

    async def _send(self, change: dict[str, Any]) -> httpx.Response:
        if self._access is None:
            self._access = self._find_access()
        if self._client is None:
            self._client = httpx.AsyncClient(verify=self._access.trust, trust_env=False, timeout=_ANSWER_SECONDS)
        headers = {"Content-Type": "application/merge-patch+json", "Accept": "application/json"}
        try:
            if token := self._access.token():
                headers["Authorization"] = f"Bearer {token}"
            return await self._client.patch(f"{self._access.server}/{self._path}", json=change, headers=headers)
        except (httpx.HTTPError, OSError) as error:
            raise ServiceUnavailable(
                "The Kubernetes API server does not answer",
                details="Thresholds under an operator are kept in its resource; try again when the API server is back.",
                retry_after=5,
            ) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


def refusal(what: str, status: int, message: str) -> DinoError:
    """Return the error for what the API server answered instead of the change.

    Args:
        what: names the resource.
        status: of HTTP.
        message: the server's words.
    """
    if status in (400, 422):
        return InvalidRequest(f"{what} cannot take this threshold: {message}")
    if status == 409:
        return Conflict(f"{what} is being changed by others; try again", retry_after=1)
    if status in (401, 403):
        return ServiceUnavailable(
            f"The gateway may not change {what}: {message}",
            details="Its service account needs the verbs get and patch on this resource, as the Role that the operator "
            "makes grants them.",
            retry_after=30,
        )
    if status == 404:
        return ServiceUnavailable(
            f"{what} does not exist any more, or its definition is not installed",
            details="Check DINO_RESOURCE and DINO_NAMESPACE of the gateway.",
            retry_after=30,
        )
    return ServiceUnavailable(f"The Kubernetes API server cannot change {what} now: {message}", retry_after=5)


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
