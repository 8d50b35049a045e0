"""The test kubelet as a process of its own, as on a node: it goes on while tests, operator or API server do not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.platform import CHECKOUT, MODELS, clean_environment

from dino_local.offspring import Guard, die_with_parent

START_SECONDS = 30
# Seconds before the second restart of a container: tests wait for crash loops.
BACK_OFF = 1


@dataclass(frozen=True)
class KubeletProcess:
    """A running kubelet; ``state`` holds its pods' volumes, claims and logs."""

    state: Path

    @property
    def claims(self) -> Path:
        """Directory with one directory for each claim, ``<namespace>_<name>``."""
        return self.state / "claims"

    def pid(self, namespace: str, pod: str, container: str) -> int | None:
        """Return the process id of a container; None while it does not run."""
        try:
            return int((self.state / "logs" / f"{namespace}_{pod}_{container}.pid").read_text())
        except FileNotFoundError:
            return None

    def log(self, pod: str) -> str:
        """Return what the containers of a pod, or of pods whose names start so, have written."""
        files = sorted((self.state / "logs").glob(f"*_{pod}*.log"), key=lambda path: path.stat().st_mtime)
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')}" for path in files)

    def tails(self, lines: int = 15) -> str:
        """Return the last lines of every container, for the report of a failed test."""
        files = sorted((self.state / "logs").glob("*.log"), key=lambda path: path.stat().st_mtime)
        return "\n".join(
            "\n".join((f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:])) for path in files
        )


@asynccontextmanager
async def start_kubelet(
    kubeconfig: Path, state: Path, *nodes: str, images: dict[str, Path] | None = None
) -> AsyncIterator[KubeletProcess]:
    """Register nodes and run their pods while the block runs.

    Args:
        kubeconfig: of an administrator.
        state: directory of its own, which is there.
        nodes: ``name`` or ``name:resource=amount,...``.
        images: local directory by path in every image, beside the built-in model's.
    """
    arguments = ["--kubeconfig", str(kubeconfig), "--state", str(state), "--back-off", str(BACK_OFF)]
    for node in nodes:
        arguments += ["--node", node]
    for path, local in (images or {}).items():
        arguments += ["--image-path", f"{path}={local}"]
    arguments += ["--image-env", f"DINO_IMAGE_MODELS={MODELS}"]
    guard = Guard()
    log = state / "kubelet.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.e2e.kubelet",
            *arguments,
            cwd=CHECKOUT,
            env=clean_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
    guard.watch(process.pid)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            said = await process.stdout.readline()
        assert said == b"kubelet ready\n", f"the kubelet did not start:\n{log.read_text()}"
        yield KubeletProcess(state)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        guard.close()
