"""Search over the library and over its model versions."""

from __future__ import annotations

from dino_analytics.handlers.search import SearchHandlers
from dino_analytics.handlers.versions import VersionHandlers
from dino_analytics.parts import Group, Parts


def group(parts: Parts) -> Group:
    """Return the handlers."""
    search = SearchHandlers(parts.vectors, parts.library, parts.in_force)
    versions = VersionHandlers(parts.runtime.bus, parts.vectors, parts.assets)
    return Group({"find-similar": search.find_similar, "compare-versions": versions.compare})
