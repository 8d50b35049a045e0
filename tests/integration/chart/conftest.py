"""A control plane for the chart alone, as releases hold objects of the whole cluster; it logs who asked for what."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client
from tests.integration.chart.helm import Helm
from tests.kube.control_plane import ControlPlane
from tests.kube.definitions import remove
from tests.kube.namespaces import fresh_namespace

if TYPE_CHECKING:
    from tests.kube.fixtures import StartControlPlane

CRD = "dinodeployments.dinov3.io"
# One line for every request of a service account, none for the others.
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
    ],
}


@dataclass(frozen=True)
class Watched:
    """The control plane and the log of what service accounts asked of it."""

    plane: ControlPlane
    log: Path

    def requests(self, user: str) -> list[dict[str, Any]]:
        """Return the requests of a user in the order of their answers."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [entry for line in lines if (entry := json.loads(line))["user"]["username"] == user]


@pytest.fixture(scope="package")
def watched(own_control_plane: StartControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The control plane."""
    directory = tmp_path_factory.mktemp("audit")
    policy, log = directory / "policy.json", directory / "audit.log"
    policy.write_text(json.dumps(POLICY))
    flags = (f"--audit-policy-file={policy}", f"--audit-log-path={log}")
    with own_control_plane(*flags) as plane:
        yield Watched(plane, log)


@pytest.fixture(scope="package")
def api(watched: Watched) -> client.ApiClient:
    """A client of its administrator."""
    return watched.plane.client()


@pytest.fixture
def helm(watched: Watched, api: client.ApiClient) -> Iterator[Helm]:
    """Helm in a namespace of the test's own; what a test leaves behind is taken away with it."""
    with fresh_namespace(api, prefix="chart") as name:
        settled(api, name)
        runner = Helm(watched.plane.environment, name)
        yield runner
        for release in json.loads(runner.run("list", "--output", "json")):
            runner.uninstall(release["name"])
        remove(api, CRD)


def settled(api: client.ApiClient, namespace: str) -> None:
    """Wait until the controllers have put into a new namespace what they put into every one."""
    core = client.CoreV1Api(api)
    deadline = time.monotonic() + 20
    while not any(account.secrets for account in core.list_namespaced_service_account(namespace).items):
        # Tokens of accounts are no objects from 1.24 on.
        if server_is_newer(api) and core.list_namespaced_service_account(namespace).items:
            return
        assert time.monotonic() < deadline, "no default service account"
        time.sleep(0.1)


def server_is_newer(api: client.ApiClient) -> bool:
    """Tell whether the server makes no token Secrets any more."""
    from tests.kube.control_plane import server_minor

    return server_minor(api) >= 24
