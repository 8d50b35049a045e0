"""One cluster for the whole run: a control plane of its own, nodes that run processes, real stores."""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.e2e.chart import Operator, installed
from tests.e2e.cluster import Cluster
from tests.e2e.kubelet.api import Api
from tests.e2e.kubelet_process import start_kubelet
from tests.integration.platform import Servers
from tests.kube.tools import NoTool, tool

IMAGE_MODELS = "/data/models"
_clusters: list[Cluster] = []


@pytest.fixture(scope="session")
async def e2e(own_control_plane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """The cluster: a node without and a node with two GPUs; pods are processes."""
    if not sys.platform.startswith("linux"):
        pytest.skip("every pod needs a loopback address of its own, as Linux has them")
    try:
        for name in ("kubectl", "helm"):
            tool(name)
    except NoTool as error:
        pytest.skip(str(error))
    with own_control_plane() as plane:
        if not plane.schedules:
            pytest.skip("no controllers: KUBEBUILDER_ASSETS needs kube-controller-manager and kube-scheduler too")
        servers = await Servers.start(tmp_path_factory.mktemp("servers"))
        api = Api(plane.kubeconfig)
        try:
            state, images = tmp_path_factory.mktemp("kubelet"), tmp_path_factory.mktemp("images")
            in_images = {IMAGE_MODELS: images}
            nodes = ("cpu-0", "gpu-0:nvidia.com/gpu=2")
            async with start_kubelet(plane.kubeconfig, state, *nodes, images=in_images) as kubelet:
                cluster = Cluster(plane, kubelet, servers, api, images)
                _clusters.append(cluster)
                yield cluster
        finally:
            _clusters.clear()
            await api.close()
            await servers.stop()


@pytest.fixture(scope="session")
async def operator(e2e: Cluster) -> AsyncIterator[Operator]:
    """The operator, installed by its chart."""
    async with installed(e2e) as found:
        yield found


@pytest.fixture(scope="module")
async def space(e2e: Cluster) -> AsyncIterator[str]:
    """A namespace for the tests of a module; what runs in it ends with them."""
    name = f"e2e-{uuid.uuid4().hex[:6]}"
    await e2e.kubectl("create", "namespace", name)
    yield name
    await e2e.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the last lines of every container to the report of a failed test."""
    report = yield
    if report.failed:
        for cluster in _clusters:
            report.sections.append(("containers", cluster.kubelet.tails()))
    return report
