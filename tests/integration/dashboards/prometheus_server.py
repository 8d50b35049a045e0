"""A real Prometheus for tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml
from dashboards.prometheus.binaries import Binaries
from dashboards.prometheus.configuration import configuration

from dino_local import checks
from dino_local.ports import PortPicker
from dino_local.process import Child
from dino_local.program import Program


class Prometheus:
    """A running server that reads its targets every second.

    Attributes:
        url: where it answers.
    """

    def __init__(self, binaries: Binaries, directory: Path, scrapes: Sequence[dict[str, Any]]) -> None:
        """Prepare; nothing runs before ``start``.

        Args:
            binaries: what to run.
            directory: configuration and data.
            scrapes: entries of ``scrape_configs``.
        """
        self._file = directory / "prometheus.yml"
        self._file.write_text(yaml.safe_dump(configuration(list(scrapes), seconds=1), sort_keys=False))
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
