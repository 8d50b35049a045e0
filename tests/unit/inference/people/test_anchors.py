"""Anchors lie in the middle of their cells, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from dino_inference.core.people.anchors import centres
from dino_inference.people.detectors import BODIES, FACES, PALMS


def test_the_middle_of_each_cell_row_by_row() -> None:
    found = centres(8, [(4, 1)])
    np.testing.assert_allclose(found, [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])


def test_anchors_of_one_cell_stand_together_and_layers_one_after_the_other() -> None:
    found = centres(8, [(4, 2), (8, 3)])
    assert len(found) == 2 * 2 * 2 + 3
    np.testing.assert_allclose(found[:2], [[0.25, 0.25]] * 2)
    np.testing.assert_allclose(found[-3:], [[0.5, 0.5]] * 3)


@pytest.mark.parametrize(("kind", "count"), [(FACES, 2304), (BODIES, 2254), (PALMS, 2016)])
def test_there_are_as_many_as_the_networks_have_rows(kind, count: int) -> None:
    assert centres(kind.side, kind.layers).shape == (count, 2)
