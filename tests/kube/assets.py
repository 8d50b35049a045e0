"""A control plane from a folder of programs, as other test tools of Kubernetes use it (KUBEBUILDER_ASSETS).

etcd and kube-apiserver are needed; kube-controller-manager and kube-scheduler run where they are there.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.kube.revival import ApiServerProcess, wait_answering

from dino_local.offspring import Guard
from dino_local.ports import PortPicker

STOP_SECONDS = 5


@contextmanager
def start_assets(folder: Path, directory: Path, flags: tuple[str, ...]) -> Iterator[tuple[Path, ApiServerProcess]]:
    """Run the programs of a folder with their state in ``directory``; the kubeconfig is its administrator's."""
    servers = _Servers(folder, directory)
    try:
        yield servers.start(flags)
    finally:
        servers.stop()


class _Servers:
    def __init__(self, folder: Path, directory: Path) -> None:
        self.folder, self.directory = folder, directory
        self.guard = Guard()
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, flags: tuple[str, ...]) -> tuple[Path, ApiServerProcess]:
        ports = PortPicker(prefer_usual=False)
        etcd, peer, secure = (ports.pick(name, 0) for name in ("etcd", "etcd's peers", "kube-apiserver"))
        here = self.directory
        here.mkdir(parents=True, exist_ok=True)
        self._run_etcd(etcd, peer)
        tokens = {name: secrets.token_hex(16) for name in ("admin", "kube-controller-manager", "kube-scheduler")}
        groups = [f'{tokens["admin"]},admin,1,"system:masters"']
        groups += [f"{token},system:{name},{name}" for name, token in tokens.items() if name != "admin"]
        (here / "tokens.csv").write_text("\n".join(groups) + "\n")
        key = _key(here)
        server = self._run(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            f"--secure-port={secure}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={here}/pki",
            f"--token-auth-file={here}/tokens.csv",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/24",
            *flags,
        )
        # The server makes itself a certificate when it has none.
        certificate = here / "pki" / "apiserver.crt"
        _wait_for(certificate, server)
        kubeconfig = self._kubeconfig("admin", secure, certificate, tokens["admin"])
        wait_answering(kubeconfig, server)
        full = all((self.folder / name).exists() for name in ("kube-controller-manager", "kube-scheduler"))
        if full:
            controllers = (
                f"--service-account-private-key-file={key}",
                f"--root-ca-file={certificate}",
                "--use-service-account-credentials=true",
            )
            for name, more in (("kube-controller-manager", controllers), ("kube-scheduler", ())):
                own = self._kubeconfig(name, secure, certificate, tokens[name])
                self._run(name, f"--kubeconfig={own}", "--leader-elect=false", "--secure-port=0", *more)
        process = ApiServerProcess(here / "kube-apiserver.pid", here / "kube-apiserver.log", kubeconfig, full)
        return kubeconfig, process

    def stop(self) -> None:
        for process in reversed(self.running):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.guard.forget(process.pid)
        self.guard.close()

    def _run_etcd(self, port: int, peer: int) -> None:
        at, between = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer}"
        process = self._run(
            "etcd",
            "--name=default",
            f"--data-dir={self.directory}/etcd",
            f"--listen-client-urls={at}",
            f"--advertise-client-urls={at}",
            f"--listen-peer-urls={between}",
            f"--initial-advertise-peer-urls={between}",
            f"--initial-cluster=default={between}",
            "--unsafe-no-fsync",
        )
        deadline = time.monotonic() + 20
        while not _healthy(f"{at}/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"etcd did not start: see {self.directory}/etcd.log")
            time.sleep(0.05)

    def _run(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                [self.folder / name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.guard.watch(process.pid)
        self.running.append(process)
        (self.directory / f"{name}.pid").write_text(f"{process.pid}\n")
        return process

    def _kubeconfig(self, name: str, port: int, certificate: Path, token: str) -> Path:
        authority = base64.b64encode(certificate.read_bytes()).decode()
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": authority}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name, "namespace": "default"}}],
            "current-context": "test",
        }
        path = self.directory / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content))
        return path


def _key(directory: Path) -> Path:
    """Write the key that signs the tokens of service accounts."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = directory / "service-accounts.key"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return path


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return b"true" in answer.read()
    except OSError:
        return False


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while not (path.exists() and path.stat().st_size):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"kube-apiserver did not start: see {path.parent.parent}/kube-apiserver.log")
        time.sleep(0.05)
