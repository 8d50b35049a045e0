"""Weights of the two small regressions, fitted on the tuning half of ``benchmarks/continuity`` by ``--tune``."""

from __future__ import annotations

import numpy as np

KINDS = ("none", "vanished", "appeared", "recoloured")

# In the order of `regions.cell_measures`.
CELL_WEIGHTS = np.array([5.415, -0.1797, 3.124, 2.75, -0.5072, -2.603, -0.1961])
CELL_BIAS = -6.85

# A row for each of KINDS, in the order of the measures of `regions.Candidate`.
REGION_WEIGHTS = np.array(
    [
        [
            -0.1839,
            -0.1839,
            -7.607,
            -7.607,
            0.7749,
            0.7749,
            -0.5777,
            -0.6455,
            -0.4873,
            -0.4873,
            6.749,
            6.749,
            0.1859,
            -0.3763,
            0.1859,
            -0.3763,
            -4.062,
        ],
        [
            0.1643,
            -0.1295,
            8.092,
            -5.349,
            -1.354,
            -0.5107,
            -3.382,
            0.07578,
            0.6038,
            -0.01503,
            -2.372,
            -1.742,
            0.4667,
            0.09002,
            -0.6271,
            -0.9523,
            4.51,
        ],
        [
            -0.1295,
            0.1643,
            -5.349,
            8.092,
            -0.5107,
            -1.354,
            -3.382,
            0.07578,
            -0.01503,
            0.6038,
            -1.742,
            -2.372,
            -0.6271,
            -0.9523,
            0.4667,
            0.09002,
            4.51,
        ],
        [
            0.149,
            0.149,
            4.864,
            4.864,
            1.09,
            1.09,
            7.341,
            0.4939,
            -0.1015,
            -0.1015,
            -2.636,
            -2.636,
            -0.02549,
            1.239,
            -0.02549,
            1.239,
            -4.957,
        ],
    ]
)
REGION_BIAS = np.array([12.05, -1.05, -1.05, -9.949])
