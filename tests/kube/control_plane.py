"""A Kubernetes control plane for tests: one that is named, or one of our own, taken down at the end of the run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kube.assets import start_assets
from tests.kube.revival import ApiServerProcess

if TYPE_CHECKING:
    from kubernetes import client

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT.parent / "shared" / "kube" / "cluster.sh"
# CEL rules of definitions are on by default from here.
CEL_MINOR = 25
NONE = (
    "no Kubernetes control plane: set DINO_TEST_KUBECONFIG to a cluster that may be written to (kind, k3d), "
    "or KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver"
)


class NoControlPlane(RuntimeError):
    """Raised when there is nothing to test on; the message says what to set."""


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that tests may write to, as its administrator.

    Attributes:
        kubeconfig: of its administrator.
        cel_kubeconfig: where definitions with CEL rules are honoured; the same file on a new enough cluster, None
            where there is no such endpoint. It may serve definitions and their resources alone.
        ours: whether the test run started it, so that nothing else is on it.
        api_server: the process, where it is ours: it can be taken away for a while.
    """

    kubeconfig: Path
    cel_kubeconfig: Path | None
    ours: bool
    api_server: ApiServerProcess | None = None

    def client(self) -> client.ApiClient:
        """Return a new client of the administrator."""
        return _client(self.kubeconfig)

    def cel_client(self) -> client.ApiClient | None:
        """Return a new client of the endpoint that honours CEL rules, if there is one."""
        return _client(self.cel_kubeconfig) if self.cel_kubeconfig else None

    @property
    def environment(self) -> dict[str, str]:
        """Variables for kubectl, helm and the operator."""
        return {"KUBECONFIG": str(self.kubeconfig)}

    @cached_property
    def minor(self) -> int:
        """Minor version of the server, such as 20."""
        return server_minor(self.client())

    @cached_property
    def schedules(self) -> bool:
        """Whether controllers and a scheduler run, so that a Deployment becomes pods on nodes."""
        if not self.ours:
            return True
        return self.api_server is not None and self.api_server.with_controllers


def server_minor(api: client.ApiClient) -> int:
    """Return the minor version of a server."""
    from kubernetes import client

    return int("".join(filter(str.isdigit, client.VersionApi(api).get_code().minor)))


def _client(kubeconfig: Path) -> client.ApiClient:
    from kubernetes import config

    return config.new_client_from_config(str(kubeconfig))


@contextmanager
def find_control_plane(directory: Path) -> Iterator[ControlPlane]:
    """The cluster that DINO_TEST_KUBECONFIG or KUBECONFIG names, else one of our own in ``directory``.

    Raises:
        NoControlPlane: none is named and none can be started.
    """
    named = os.environ.get("DINO_TEST_KUBECONFIG") or os.environ.get("KUBECONFIG")
    if named:
        yield _named(Path(named))
        return
    with start_control_plane(directory) as started:
        yield started


@contextmanager
def start_control_plane(
    directory: Path, *, cel: bool = True, api_server_flags: tuple[str, ...] = ()
) -> Iterator[ControlPlane]:
    """A control plane of the caller's own, whatever cluster is named; it is gone afterwards, however this process ends.

    Args:
        directory: where its state may lie; used by nobody else.
        cel: whether the endpoint for CEL rules is needed too.
        api_server_flags: more flags of kube-apiserver, without spaces in them.

    Raises:
        NoControlPlane: there are no programs to start.
    """
    if SCRIPT.exists():
        with _from_script(directory, cel, api_server_flags) as started:
            yield started
        return
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        raise NoControlPlane(NONE)
    with start_assets(Path(assets), directory, api_server_flags) as (kubeconfig, process):
        newer = server_minor(_client(kubeconfig)) >= CEL_MINOR
        yield ControlPlane(kubeconfig, kubeconfig if newer else None, True, process)


def _named(kubeconfig: Path) -> ControlPlane:
    cel = os.environ.get("DINO_TEST_CEL_KUBECONFIG")
    if cel is None and server_minor(_client(kubeconfig)) >= CEL_MINOR:
        cel = str(kubeconfig)
    return ControlPlane(kubeconfig, Path(cel) if cel else None, False)


@contextmanager
def _from_script(directory: Path, cel: bool, flags: tuple[str, ...]) -> Iterator[ControlPlane]:
    state = directory / "control-plane"
    environment = {**os.environ, "APISERVER_FLAGS": " ".join(flags), "ETCD_FLAGS": "--unsafe-no-fsync"}
    environment.pop("KUBECONFIG", None)
    with _unpacking():
        subprocess.run([SCRIPT, "bin"], env=environment, check=True, stdout=subprocess.DEVNULL)
    # The servers are in sessions of their own. Whatever ends this process closes the pipe, and that ends them.
    keeper = subprocess.Popen(
        ["sh", "-c", 'trap "" INT; cat; exec "$0" down -d "$1"', SCRIPT, state],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        up = subprocess.run(
            [SCRIPT, "up", "-d", state, *(["--cel"] if cel else [])],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if up.returncode:
            raise RuntimeError(f"the control plane did not start:\n{up.stderr}")
        said = dict(line.split("=", 1) for line in up.stdout.splitlines() if "=" in line)
        yield _ours(said, state)
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(60)


def _ours(said: Mapping[str, str], state: Path) -> ControlPlane:
    kubeconfig, cel = Path(said["KUBECONFIG"]), said.get("CEL_KUBECONFIG")
    process = ApiServerProcess(state / "kube-apiserver.pid", state / "log" / "kube-apiserver.log", kubeconfig, True)
    return ControlPlane(kubeconfig, Path(cel) if cel else None, True, process)


@contextmanager
def _unpacking() -> Iterator[None]:
    """One run at a time unpacks the programs."""
    with (Path(tempfile.gettempdir()) / f"dino-control-plane-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
