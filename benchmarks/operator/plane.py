"""An API server with nobody else on it: etcd and kube-apiserver, without controllers, which would write too."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubernetes import client
from tests.kube.assets import start_assets
from tests.kube.control_plane import SCRIPT
from tests.kube.definitions import installed

from dino_operator.crd import definition


def _programs() -> Path:
    if named := os.environ.get("KUBEBUILDER_ASSETS"):
        return Path(named)
    if SCRIPT.exists():
        done = subprocess.run([SCRIPT, "bin"], capture_output=True, text=True, check=True)
        return Path(done.stdout.strip())
    raise SystemExit("set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver")


@contextmanager
def fresh_plane() -> Iterator[Path]:
    """Start an API server that serves the definition; yield its administrator's kubeconfig."""
    from kubernetes import config

    with tempfile.TemporaryDirectory(prefix="bench-operator-") as directory:
        folder = Path(directory) / "programs"
        folder.mkdir()
        for name in ("etcd", "kube-apiserver"):
            found = _programs() / name
            program = str(found) if found.exists() else shutil.which(name)
            if program is None:
                raise SystemExit(f"{name} is missing in {_programs()}")
            (folder / name).symlink_to(program)
        # Nothing removes what is over here, and nobody waits for default service accounts.
        flags = ("--disable-admission-plugins=ServiceAccount", "--max-requests-inflight=800")
        with start_assets(folder, Path(directory) / "state", flags) as (kubeconfig, _):
            api: client.ApiClient = config.new_client_from_config(str(kubeconfig))
            with installed(api, definition()):
                yield kubeconfig
