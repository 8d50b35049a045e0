"""The directory of one model version's index: what it holds, which generation is in force, who has it open."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from dino_analytics.index.errors import (
    IndexDimensionMismatch,
    IndexLocked,
    IndexVersionMismatch,
)

FORMAT = 1
_FILE, _LOCK = "manifest.json", "lock"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Model version and width of the vectors, and the number of the shard directory in force."""

    model_version: str
    dimension: int
    generation: int
    format: int = FORMAT


class IndexDirectory:
    """The directory of one index, held by one process at a time.

    The lock is the kernel's (flock), so a process that is killed never leaves a stale one.
    """

    def __init__(self, path: Path, model_version: str, dimension: int) -> None:
        """Lock the directory, make it if needed, and check what it holds.

        Raises IndexLocked, IndexDimensionMismatch or IndexVersionMismatch.
        """
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = _acquire(path)
        try:
            self.manifest = self._read_or_create(model_version, dimension)
            self._sweep()
        except BaseException:
            self.release()
            raise

    def shard(self, generation: int) -> Path:
        """Where a generation's shard lies."""
        return self.path / f"shard-{generation:06d}"

    def switch(self, generation: int) -> None:
        """Put a generation in force for good: after a crash either the old or the new one is, never neither."""
        m = self.manifest
        self._write(Manifest(m.model_version, m.dimension, generation))
        self._sweep()

    def release(self) -> None:
        """Let other processes open the directory."""
        os.close(self._lock)

    def _read_or_create(self, model_version: str, dimension: int) -> Manifest:
        file = self.path / _FILE
        if not file.exists():
            manifest = Manifest(model_version, dimension, 1)
            self._write(manifest)
            return manifest
        manifest = Manifest(**json.loads(file.read_text()))
        if manifest.format != FORMAT or manifest.model_version != model_version:
            raise IndexVersionMismatch(
                f"the index {self.path.name!r} is of {manifest.model_version!r} in format {manifest.format}, "
                f"not of {model_version!r} in format {FORMAT}"
            )
        if manifest.dimension != dimension:
            raise IndexDimensionMismatch(model_version, manifest.dimension, dimension)
        return manifest

    def _write(self, manifest: Manifest) -> None:
        fresh = self.path / (_FILE + ".new")
        with fresh.open("w") as out:
            json.dump(asdict(manifest), out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path / _FILE)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.manifest = manifest

    def _sweep(self) -> None:
        """Remove generations that are not in force, left by a crash or replaced."""
        kept = self.shard(self.manifest.generation)
        for found in self.path.glob("shard-*"):
            if found != kept:
                shutil.rmtree(found)


def remove_directory(path: Path) -> None:
    """Remove an index's directory; IndexLocked when a process has it open."""
    lock = _acquire(path)
    try:
        # The manifest first: without it whatever a crash leaves is no index.
        (path / _FILE).unlink(missing_ok=True)
        shutil.rmtree(path)
    finally:
        os.close(lock)


def _acquire(path: Path) -> int:
    handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise IndexLocked(
            f"the index {path.name!r} is open in another process (id {holder}); run one analytics "
            "process per index directory, or set QDRANT_URL to share an index between replicas"
        ) from error
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle
