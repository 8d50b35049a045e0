"""Weights of the two small regressions, fitted on the tuning half of ``benchmarks/continuity`` by ``--tune``."""

from __future__ import annotations

import numpy as np

KINDS = ("none", "vanished", "appeared", "recoloured")

# In the order of `regions.cell_measures`.
CELL_WEIGHTS = np.array([4.802, -1.754, 3.157, 3.729, 0.7061, -3.96, -0.3882])
CELL_BIAS = -7.755

# A row for each of KINDS, in the order of the measures of `regions.Candidate`.
REGION_WEIGHTS = np.array(
    [
        [
            -0.1475,
            -0.1475,
            -6.612,
            -6.612,
            -0.4567,
            -0.4567,
            3.019,
            -0.5119,
            -0.2092,
            -0.2092,
            2.198,
            2.198,
            0.2488,
            0.2811,
            0.2488,
            0.2811,
            -0.3861,
        ],
        [
            0.08422,
            0.01208,
            6.202,
            -3.881,
            0.2624,
            -0.2694,
            -4.114,
            0.03364,
            0.3908,
            -0.2415,
            -0.9137,
            -0.2908,
            0.09944,
            -0.3375,
            -0.4086,
            -0.593,
            1.222,
        ],
        [
            0.01208,
            0.08422,
            -3.881,
            6.202,
            -0.2694,
            0.2624,
            -4.114,
            0.03364,
            -0.2415,
            0.3908,
            -0.2908,
            -0.9137,
            -0.4086,
            -0.593,
            0.09944,
            -0.3375,
            1.222,
        ],
        [
            0.0512,
            0.0512,
            4.291,
            4.291,
            0.4636,
            0.4636,
            5.21,
            0.4446,
            0.0598,
            0.0598,
            -0.9934,
            -0.9934,
            0.06035,
            0.6494,
            0.06035,
            0.6494,
            -2.058,
        ],
    ]
)
REGION_BIAS = np.array([4.678, 1.744, 1.744, -8.167])
