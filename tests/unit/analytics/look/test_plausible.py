import numpy as np
import pytest
from tests.unit.analytics.look.patches import boxed, grid

from dino_analytics.core.look.plausible import plausibility, top_mean

USUAL = boxed((4, 4, 12, 12))
REFERENCES = [grid(USUAL, seed=seed) for seed in range(10, 16)]


def test_a_picture_of_the_set_is_plausible():
    judged = plausibility(grid(USUAL, seed=3), REFERENCES)
    assert judged.verdict == "plausible"
    assert judged.score is not None
    assert judged.score > 80
    assert judged.usual is not None


def test_a_foreign_region_is_named_where_it_is():
    labels = USUAL.copy()
    labels[6:9, 10:13] = 7
    judged = plausibility(grid(labels, seed=3), REFERENCES)
    assert judged.verdict == "implausible"
    assert (judged.score or 0) < 20
    region = judged.regions[0]
    edges = region.left, region.top, region.right, region.bottom
    assert edges == pytest.approx((10 / 16, 6 / 16, 13 / 16, 9 / 16))
    assert judged.heat[6:9, 10:13].min() > 0.5 > np.median(judged.heat)


def test_too_few_references_give_no_verdict():
    judged = plausibility(grid(USUAL, seed=3), REFERENCES[:2])
    assert (judged.verdict, judged.score, judged.usual, judged.confidence) == ("unknown", None, None, 0.0)


def test_the_score_is_of_the_farthest_hundredth():
    distances = np.zeros((16, 16), np.float32)
    distances[0, :3] = (0.9, 0.6, 0.3)
    assert top_mean(distances) == pytest.approx(0.6)
