"""Weights of the two small regressions, fitted on the tuning half of ``benchmarks/continuity`` by ``--tune``."""

from __future__ import annotations

import numpy as np

KINDS = ("none", "vanished", "appeared", "recoloured")

# In the order of `regions.cell_measures`.
CELL_WEIGHTS = np.array([3.397, 0.1932, 3.287, 3.578, 0.372, -3.061, -0.3825])
CELL_BIAS = -8.104

# A row for each of KINDS, in the order of the measures of `regions.Candidate`.
REGION_WEIGHTS = np.array(
    [
        [-0.1196, -0.1196, -6.537, -6.537, -0.3368, -0.3368, 2.64, -0.509, -0.2234, -0.2234, 2.336, 2.336, -1.148],
        [0.08495, -0.03454, 5.897, -4.459, 0.2318, -0.4382, -3.958, -0.0886, 0.3457, -0.2109, -1.178, -0.2304, 1.783],
        [-0.03454, 0.08495, -4.459, 5.897, -0.4382, 0.2318, -3.958, -0.0886, -0.2109, 0.3457, -0.2304, -1.178, 1.783],
        [0.06921, 0.06921, 5.099, 5.099, 0.5433, 0.5433, 5.276, 0.6862, 0.08862, 0.08862, -0.9276, -0.9276, -2.418],
    ]
)
REGION_BIAS = np.array([6.37, 0.4555, 0.4555, -7.281])
