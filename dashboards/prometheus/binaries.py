"""Prometheus' own programs: found, or taken from Debian's package without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "var" / "tools" / "prometheus"
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
