"""Each metric answers to its own distortion, and the score ranks distorted copies below originals."""

import itertools

import pytest
from tests.unit.analytics.photographs import DISTORTIONS, Distortion, corrects, scikit_image_photographs

from dino_analytics.core.quality import TechnicalMetrics, quality_score, technical_metrics

PHOTOS = scikit_image_photographs()


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str], list[TechnicalMetrics]]:
    """Metrics of every photograph under every distortion: the original first, then mild to strong."""
    table = {}
    for name, rgb in PHOTOS.items():
        original = technical_metrics(rgb)
        for d in DISTORTIONS:
            table[name, d.name] = [original] + [technical_metrics(d.apply(rgb, s)) for s in d.strengths]
    return table


@pytest.mark.parametrize("distortion", DISTORTIONS, ids=lambda d: d.name)
def test_metric_degrades_with_its_own_distortion(distortion: Distortion, measured):
    for name in PHOTOS:
        steps = measured[name, distortion.name]
        if corrects(distortion, steps[0].brightness):
            continue
        values = [distortion.sign * getattr(m, distortion.metric) for m in steps]
        assert all(a < b for a, b in itertools.pairwise(values)), (name, values)


def test_score_ranks_distorted_copies_below_their_originals(measured):
    cases = [quality_score(copy) < quality_score(steps[0]) for steps in measured.values() for copy in steps[1:]]
    assert len(cases) == len(PHOTOS) * 18
    assert sum(cases) / len(cases) >= 0.95


@pytest.mark.parametrize("distortion", DISTORTIONS, ids=lambda d: d.name)
def test_strong_distortion_ranks_below_mild(distortion: Distortion, measured):
    fails = [
        name
        for name in PHOTOS
        if quality_score(measured[name, distortion.name][3]) >= quality_score(measured[name, distortion.name][1])
        and not corrects(distortion, measured[name, distortion.name][0].brightness)
    ]
    assert fails == []
