"""Paths inside a container, rewritten to where their volumes really lie."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

ANY_ADDRESS = "0.0.0.0"


class Places:
    """Mount paths of one container, its address, and the rewriting of both in commands and environment.

    Args:
        mounts: local directory or file by mount path.
        address: the pod's own; a server told to bind every address binds this one.
    """

    def __init__(self, mounts: Mapping[str, Path], address: str) -> None:
        """Prepare one pass over all mounts, so that nothing is rewritten twice."""
        self.mounts = {path.rstrip("/") or "/": local for path, local in mounts.items()}
        self.address = address
        longest_first = sorted(self.mounts, key=len, reverse=True)
        # Not within a longer path or a URL, and whole components only: /tmp is no part of /tmpfs.
        paths = "|".join(re.escape(path) for path in longest_first)
        self._pattern = re.compile(rf"(?<![\w./-])(?:{paths})(?![\w.-])") if longest_first else None

    def rewritten(self, text: str) -> str:
        """Return the text with mount paths and the address that means every address replaced."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: str(self.mounts[found.group()]), text)
        return re.sub(rf"(?<![\d.]){re.escape(ANY_ADDRESS)}(?![\d.])", self.address, text)
