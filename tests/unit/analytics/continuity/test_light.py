"""Light, exposure and white balance taken out of colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dino_analytics.core.continuity.light import cell_colours, fitted_light, lab

channel = st.floats(0.6, 1.5)


@settings(max_examples=25, deadline=None)
@given(gains=st.tuples(channel, channel, channel), bend=st.floats(0.8, 1.25), seed=st.integers(0, 1000))
def test_light_is_found_although_a_sixth_of_the_places_changed(gains, bend, seed):
    random = np.random.default_rng(seed)
    ours = random.uniform(20, 150, (600, 3))
    theirs = np.clip(np.power(ours + 6, bend) * np.array(gains) / 6 ** (bend - 1) / 2.5 - 6, 0, 255)
    changed = np.arange(600) < 100
    seen = np.where(changed[:, None], random.uniform(0, 255, (600, 3)), theirs)
    light = fitted_light(ours, seen)
    apart = np.linalg.norm(lab(light.applied(ours)) - lab(theirs), axis=1)
    assert np.median(apart) < 4


def test_few_places_change_nothing():
    light = fitted_light(np.full((5, 3), 100.0), np.full((5, 3), 200.0))
    assert light.applied(np.array([[10.0, 100.0, 250.0]])) == pytest.approx(np.array([[10.0, 100.0, 250.0]]))


def test_cells_have_their_mean_colour():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32, :32] = (200, 100, 50)
    assert cell_colours(picture, 2)[0, 0] == pytest.approx([200, 100, 50])
    assert cell_colours(picture, 2)[1, 1] == pytest.approx([0, 0, 0])
