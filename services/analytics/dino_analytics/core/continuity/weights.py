"""Weights of the two small regressions, fitted on the tuning half of ``benchmarks/continuity`` by ``--tune``."""

from __future__ import annotations

import numpy as np

KINDS = ("none", "vanished", "appeared", "recoloured")

# In the order of `regions.cell_measures`.
CELL_WEIGHTS = np.array([3.277, 0.137, 4.438, 2.659, -0.89, -0.825, -0.476])
CELL_BIAS = -8.135

# A row for each of KINDS, in the order of the measures of `regions.Candidate`.
REGION_WEIGHTS = np.zeros((4, 13))
REGION_BIAS = np.array([0.0, 0.0, 0.0, 0.0])
