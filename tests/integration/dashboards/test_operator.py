"""Every query of the operator's dashboard and alerts: a real operator on a real API server, and a bus that answers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dashboards.generator.operators import OPERATOR
from dashboards.prometheus.binaries import Binaries
from kubernetes import client
from tests.e2e.connections import connections_secret
from tests.integration.conftest import StartPlatform
from tests.integration.dashboards.prometheus_server import Prometheus
from tests.integration.dashboards.queries import Asked, asked, have_data
from tests.integration.dashboards.selectors import selectors
from tests.integration.dashboards.test_alerts import ALERTS
from tests.integration.platform import Servers, clean_environment
from tests.kube.control_plane import ControlPlane
from tests.kube.namespaces import fresh_namespace

from dino_local import checks
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.program import Program
from dino_operator.render.facts import model_key
from dino_operator.spec import GROUP, PLURAL, VERSION
from dino_operator.spec.model import Model

pytestmark = pytest.mark.slow
NAME = "watched"
CHANGED = {"version": "2"}
# Nothing of these happens here; what a resource fills has data though an idle operator has none.
NOT_HERE = (
    "the API server has refused nothing",
    "no watch was lost",
)
NEEDS_REEMBEDDING = "Re-embedded"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched. Attributes: ``prometheus`` reads the operator; ``namespace`` holds one resource."""

    prometheus: Prometheus
    namespace: str


@pytest.fixture(scope="module")
async def watched(
    binaries: Binaries,
    control_plane: ControlPlane,
    definition: None,
    nodes: None,
    servers: Servers,
    start_platform: StartPlatform,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Watched]:
    """An operator with one resource, whose inference is a process of ours, in the middle of a change of model."""
    api = control_plane.client()
    with fresh_namespace(api) as namespace:
        identity = {"DINO_NAMESPACE": namespace, "DINO_DEPLOYMENT": NAME, "DINO_MODEL_KEY": model_key(Model())}
        platform = await start_platform(("inference",), **identity)
        secret = connections_secret(servers, platform.name)
        client.CoreV1Api(api).create_namespaced_secret(namespace, secret)
        custom, where = client.CustomObjectsApi(api), (GROUP, VERSION, namespace, PLURAL)
        custom.create_namespaced_custom_object(*where, _resource())
        operator, url = _operator(control_plane, namespace, tmp_path_factory.mktemp("operator"))
        job = {"job_name": "dino-operator", "static_configs": [{"targets": [url.removeprefix("http://")]}]}
        prometheus = Prometheus(binaries, tmp_path_factory.mktemp("prometheus"), [job])
        try:
            await operator.start()
            await operator.wait_ready()
            await prometheus.start()
            # Nothing is measured before the first version serves, and then its successor is told of.
            measured = Asked("images", "dino_operator_images_per_second", "")
            await have_data(prometheus, [measured])
            custom.patch_namespaced_custom_object(*where, NAME, {"spec": {"model": CHANGED}})
            yield Watched(prometheus, namespace)
        finally:
            await prometheus.stop()
            await operator.stop()
            await platform.stop()


def _resource() -> dict:
    spec = {"connections": {"secretName": "dino-connections"}}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": "DinoDeployment", "metadata": {"name": NAME}, "spec": spec}


def _operator(plane: ControlPlane, namespace: str, directory: Path) -> tuple[Child, str]:
    port = PortPicker(prefer_usual=False).pick("operator", 9090)
    url = f"http://127.0.0.1:{port}"
    own = {
        "DINO_OPERATOR_WATCH_NAMESPACES": namespace,
        "DINO_OPERATOR_LEASE_NAMESPACE": namespace,
        "DINO_OPERATOR_ADMIN_HOST": "127.0.0.1",
        "DINO_OPERATOR_ADMIN_PORT": str(port),
    }
    program = Program(
        name="operator",
        kind="service",
        command=(sys.executable, "-m", "dino_operator"),
        environment=clean_environment() | plane.environment | own,
        check=lambda: checks.check_http(f"{url}/ready"),
        address=url,
        directory=directory,
    )
    return Child(program, log_file=directory / "operator.log"), url


async def test_every_panel_of_the_operator_has_data(watched: Watched):
    queries = asked(OPERATOR, {"namespace": watched.namespace, "deployment": NAME})
    for query in queries:
        await watched.prometheus.query(query.expr)
    filled = [q for q in queries if q.empty not in NOT_HERE and not q.place.endswith(NEEDS_REEMBEDDING)]
    await have_data(watched.prometheus, filled)


async def test_every_alert_of_the_operator_finds_its_series(watched: Watched):
    absent = ('{code="403"}', "dino_operator_migration_percent", 'phase="', 'outcome=~"retry|fault"')
    wanted = {
        Asked(name, selector, "")
        for name, rule in ALERTS.items()
        for selector in selectors(rule["expr"])
        if selector.startswith("dino_operator") and not any(part in selector for part in absent)
    }
    assert len(wanted) > 8
    await have_data(watched.prometheus, wanted)
