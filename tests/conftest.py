"""Fixtures for every test."""

from __future__ import annotations

from tests.kube.fixtures import (  # noqa: F401
    cluster,
    control_plane,
    definition,
    namespace,
    nodes,
    own_control_plane,
)
