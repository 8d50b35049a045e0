"""Operations on sets of pictures."""

from __future__ import annotations

from . import anomalies, calibration, clusters, duplicates, patterns

OPERATIONS = (
    *duplicates.OPERATIONS,
    *clusters.OPERATIONS,
    *anomalies.OPERATIONS,
    *patterns.OPERATIONS,
    *calibration.OPERATIONS,
)
