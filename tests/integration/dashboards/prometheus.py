"""A real Prometheus for tests: found, or taken from Debian's package without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from tests.integration.platform import CHECKOUT

from dino_local import checks
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.program import Program

TOOLS = CHECKOUT / "var" / "tools" / "prometheus"
MISSING = (
    "no Prometheus: install one (apt-get install prometheus), or name its binary with PROMETHEUS=/path/to/prometheus; "
    "promtool lies beside it"
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The server and its tool."""

    prometheus: Path
    promtool: Path


def find_binaries() -> Binaries | None:
    """Return the two programs: named by PROMETHEUS, on the PATH, or from Debian's package; None when there are none."""
    if named := os.environ.get("PROMETHEUS"):
        return _beside(Path(named))
    if found := shutil.which("prometheus"):
        return _beside(Path(found))
    return _beside(TOOLS / "usr" / "bin" / "prometheus") or _from_debian()


def _beside(server: Path) -> Binaries | None:
    tool = server.with_name("promtool")
    return Binaries(server, tool) if server.exists() and tool.exists() else None


def _from_debian() -> Binaries | None:
    """Unpack Debian's package below ``var/tools``: nothing is installed."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    TOOLS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLS.parent) as scratch:
        fetched = subprocess.run(["apt-get", "download", "prometheus"], cwd=scratch, capture_output=True, timeout=120)
        packages = list(Path(scratch).glob("prometheus_*.deb"))
        if fetched.returncode or not packages:
            return None
        unpacked = Path(scratch) / "unpacked"
        subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(unpacked)], check=True, timeout=120)
        if not TOOLS.exists():
            unpacked.rename(TOOLS)
    return _beside(TOOLS / "usr" / "bin" / "prometheus")


class Prometheus:
    """A running server that reads its targets every second.

    Attributes:
        url: where it answers.
    """

    def __init__(self, binaries: Binaries, directory: Path, scrapes: Sequence[Mapping[str, Any]], rules: Path) -> None:
        """Prepare; nothing runs before ``start``.

        Args:
            binaries: what to run.
            directory: configuration and data.
            scrapes: entries of ``scrape_configs``.
            rules: file of alert rules, evaluated every second.
        """
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": list(scrapes),
        }
        self._file = directory / "prometheus.yml"
        self._file.write_text(yaml.safe_dump(configuration, sort_keys=False))
        port = PortPicker(prefer_usual=False).pick("prometheus", 9090)
        self.url = f"http://127.0.0.1:{port}"
        command = (
            str(binaries.prometheus),
            f"--config.file={self._file}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        program = Program(
            name="prometheus",
            kind="server",
            command=command,
            environment=dict(os.environ),
            check=lambda: checks.check_http(f"{self.url}/-/ready"),
            address=self.url,
            directory=directory,
        )
        self._child = Child(program, log_file=directory / "prometheus.log")
        self._client = httpx.AsyncClient(base_url=f"{self.url}/api/v1", trust_env=False, timeout=30)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        await self._child.start()
        await self._child.wait_ready()

    async def ask(self, path: str, **parameters: Any) -> Any:
        """Return the data of an answer.

        Raises:
            AssertionError: Prometheus answers with an error; the message is its own.
        """
        answer = (await self._client.get(path, params=parameters)).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        return answer["data"]

    async def query(self, expr: str) -> list[dict[str, Any]]:
        """Return the samples of an expression now."""
        return (await self.ask("/query", query=expr))["result"]

    async def stop(self) -> None:
        """Stop it."""
        await self._client.aclose()
        await self._child.stop()
