"""Kubernetes objects as YAML text, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    """Writes equal objects out in full, where YAML's default is an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never make one."""
        return True


def manifest_yaml(objects: Iterable[Mapping[str, Any]], *, compact: bool = False) -> str:
    """Return objects as YAML documents.

    Args:
        objects: plain data.
        compact: write the innermost maps and lists in one line.
    """
    flow = None if compact else False
    return yaml.dump_all(
        objects, Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True, default_flow_style=flow
    )
