"""Taking the API server away for a while, and bringing it back as it was."""

from __future__ import annotations

import base64
import os
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

START_SECONDS = 120


@dataclass(frozen=True)
class ApiServerProcess:
    """The kube-apiserver of a control plane of our own.

    Attributes:
        pid_file: its process id; written anew when it is started again.
        log_file: what it writes.
        kubeconfig: of its administrator.
        with_controllers: whether kube-controller-manager and kube-scheduler run beside it.
    """

    pid_file: Path
    log_file: Path
    kubeconfig: Path
    with_controllers: bool

    @contextmanager
    def away(self) -> Iterator[None]:
        """While the block runs nothing listens on the server's port; afterwards it answers again, with all its data."""
        pid = int(self.pid_file.read_text())
        command = [part.decode() for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
        os.kill(pid, signal.SIGKILL)
        _wait_until_ended(pid)
        try:
            yield
        finally:
            with self.log_file.open("a") as log:
                started = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            self.pid_file.write_text(f"{started.pid}\n")
            wait_answering(self.kubeconfig, started)


def wait_answering(kubeconfig: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server says it is ready.

    Raises:
        RuntimeError: it ended, or it is not ready in time.
    """
    content = yaml.safe_load(kubeconfig.read_text())
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    trust = ssl.create_default_context(cadata=authority)
    asked = urllib.request.Request(f"{cluster['server']}/readyz", headers={"Authorization": f"Bearer {user['token']}"})
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(asked, timeout=2, context=trust):
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the API server is not ready: {error}") from error
        # Nothing tells when a server will be ready: ask again.
        time.sleep(0.1)


def _wait_until_ended(pid: int) -> None:
    """Wait for a process that need not be a child: until it is gone, or has ended and nobody has asked how."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except FileNotFoundError:
            return
        time.sleep(0.02)
    raise RuntimeError(f"process {pid} does not end")
