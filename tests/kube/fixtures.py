"""Fixtures on a real Kubernetes control plane; every test may ask for them (see README.md beside this file)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.kube.control_plane import ControlPlane, NoControlPlane, find_control_plane, start_control_plane
from tests.kube.definitions import installed
from tests.kube.fake_nodes import fake_nodes
from tests.kube.namespaces import fresh_namespace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Protocol

    from kubernetes import client

    class StartControlPlane(Protocol):
        def __call__(self, *api_server_flags: str, cel: bool = False) -> AbstractContextManager[ControlPlane]: ...


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The cluster that is named, else one of our own for this run alone; the test is skipped where there is neither."""
    with _or_skip(find_control_plane(tmp_path_factory.mktemp("kube"))) as found:
        yield found


@pytest.fixture(scope="session")
def own_control_plane(tmp_path_factory: pytest.TempPathFactory) -> StartControlPlane:
    """Start one more, for a test that needs it to itself: ``with own_control_plane("--audit-log-path=…") as plane``."""

    @contextmanager
    def start(*api_server_flags: str, cel: bool = False) -> Iterator[ControlPlane]:
        directory = tmp_path_factory.mktemp("own")
        with _or_skip(start_control_plane(directory, cel=cel, api_server_flags=api_server_flags)) as started:
            yield started

    return start


@pytest.fixture(scope="session")
def definition(control_plane: ControlPlane) -> Iterator[None]:
    """The DinoDeployment definition is served, on both endpoints, until the run ends."""
    from dino_operator.crd import definition

    with ExitStack() as stack:
        stack.enter_context(installed(control_plane.client(), definition()))
        if control_plane.cel_kubeconfig not in (None, control_plane.kubeconfig):
            api = control_plane.cel_client()
            assert api is not None
            stack.enter_context(installed(api, definition()))
        yield


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> client.ApiClient:
    """A client of the control plane's administrator."""
    return control_plane.client()


@pytest.fixture
def namespace(cluster: client.ApiClient) -> Iterator[str]:
    """A namespace of the test's own, deleted whatever happens."""
    with fresh_namespace(cluster) as name:
        yield name


@pytest.fixture(scope="session")
def nodes(control_plane: ControlPlane) -> Iterator[None]:
    """Two nodes, one with four GPUs, whose pods become ready by themselves; real nodes where a cluster is named."""
    if not control_plane.schedules:
        pytest.skip("no controllers: KUBEBUILDER_ASSETS needs kube-controller-manager and kube-scheduler too")
    if not control_plane.ours:
        yield
        return
    with fake_nodes(control_plane.client(), {"cpu-0": 0, "gpu-0": 4}):
        yield


@contextmanager
def _or_skip(plane: AbstractContextManager[ControlPlane]) -> Iterator[ControlPlane]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(plane)
        except NoControlPlane as error:
            pytest.skip(str(error))
        yield found
