"""Helm on a test cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.kube.control_plane import CHECKOUT
from tests.kube.tools import run_tool

CHART = CHECKOUT / "charts" / "dinov3-platform"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
# Kinds of the Prometheus operator, as a cluster that has it says them.
PROMETHEUS = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")

Manifest = dict[str, Any]


class Refused(AssertionError):
    """Helm ended badly; the message is what it said."""


@dataclass
class Helm:
    """Helm with one chart, in one namespace.

    Attributes:
        environment: names the cluster.
        namespace: of the releases.
        chart: folder of the chart.
    """

    environment: dict[str, str] = field(default_factory=dict)
    namespace: str = "default"
    chart: Path = CHART

    def run(self, *arguments: str | Path) -> str:
        """Run helm and return what it said.

        Raises:
            Refused: it ended badly.
        """
        done = run_tool("helm", *arguments, "--namespace", self.namespace, environment=self.environment)
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout

    @property
    def major(self) -> int:
        """Major version of helm."""
        return int(self.run("version", "--short").lstrip("v").partition(".")[0])

    def install(self, release: str, *options: str | Path, **values: Any) -> str:
        """Install a release; return the notes."""
        return self.run("install", release, self.chart, *options, *_set(values))

    def upgrade(self, release: str, *options: str | Path, **values: Any) -> str:
        """Upgrade a release; return the notes."""
        return self.run("upgrade", release, self.chart, *options, *_set(values))

    def uninstall(self, release: str) -> str:
        """Uninstall a release."""
        return self.run("uninstall", release)

    def template(self, *options: str | Path, apis: tuple[str, ...] = (), **values: Any) -> list[Manifest]:
        """Return the objects of a release ``dino`` without asking a cluster."""
        known = [part for api in apis for part in ("--api-versions", api)]
        said = self.run("template", "dino", self.chart, *known, *options, *_set(values))
        return [item for item in yaml.safe_load_all(said) if item]


def one(objects: list[Manifest], kind: str, name: str = "") -> Manifest:
    """Return the one object of a kind whose name ends so."""
    (found,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"].endswith(name)]
    return found


def _set(values: dict[str, Any]) -> list[str]:
    return [part for name, value in values.items() for part in ("--set-json", f"{name}={json.dumps(value)}")]
