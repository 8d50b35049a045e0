"""A matrix in memory that a child process can map without copying it."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref

import numpy as np

_descriptors: weakref.WeakKeyDictionary[mmap.mmap, int] = weakref.WeakKeyDictionary()


def shared_rows(count: int, dimension: int) -> np.ndarray:
    """Return zeros, float32 (count, dimension), that ``descriptor`` can hand on."""
    size = max(1, count * dimension * 4)
    descriptor = _anonymous()
    os.ftruncate(descriptor, size)
    memory = mmap.mmap(descriptor, size)
    _descriptors[memory] = descriptor
    weakref.finalize(memory, os.close, descriptor)
    rows = np.frombuffer(memory, dtype=np.float32, count=count * dimension).reshape(count, dimension)
    return rows


def descriptor(rows: np.ndarray) -> int:
    """Return the file descriptor of the leading rows of a matrix that ``shared_rows`` made.

    Raises:
        ValueError: the matrix lies elsewhere.
    """
    base: object = rows
    while isinstance(base, np.ndarray):
        if base.__array_interface__["data"][0] != rows.__array_interface__["data"][0]:
            raise ValueError("the matrix does not begin where the shared memory does")
        base = base.base
    memory = base.obj if isinstance(base, memoryview) else base
    if not isinstance(memory, mmap.mmap) or memory not in _descriptors:
        raise ValueError("the matrix does not lie in shared memory")
    return _descriptors[memory]


def mapped(descriptor: int, count: int, dimension: int) -> np.ndarray:
    """Map what another process's descriptor stands for: float32 (count, dimension), read-only."""
    if count == 0:
        return np.zeros((0, dimension), dtype=np.float32)
    memory = mmap.mmap(descriptor, count * dimension * 4, prot=mmap.PROT_READ)
    return np.frombuffer(memory, dtype=np.float32, count=count * dimension).reshape(count, dimension)


def _anonymous() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("dino-rows", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
