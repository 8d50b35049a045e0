"""Fixtures for every test."""

from __future__ import annotations

from hypothesis import settings
from tests.kube.fixtures import (  # noqa: F401
    cluster,
    control_plane,
    definition,
    namespace,
    nodes,
    own_control_plane,
)

# The same examples in every run, so that a run tells of the change and not of its luck. To look for more:
# make unit PYTEST=--hypothesis-profile=search
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("steady")
