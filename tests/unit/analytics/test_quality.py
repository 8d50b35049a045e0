"""The scale, the grades, the advice, and what the metrics refuse."""

import numpy as np
import pytest
from tests.unit.analytics.photographs import SCIKIT_IMAGE, blurred, exposed, noisy, scikit_image_photographs

from dino_analytics.core.feature_stats import diversity_score, feature_stats
from dino_analytics.core.quality import assess, quality_grade, recommendations, technical_metrics
from dino_analytics.core.quality.noise import noise_sigma
from dino_analytics.core.quality.picture import luma

PHOTOS = scikit_image_photographs()


@pytest.mark.parametrize("name", ["astronaut", "coffee", "camera", "chelsea", "motorcycle_left", "rocket"])
def test_good_photograph_passes_the_default_threshold(name):
    assert assess(PHOTOS[name]).quality_score >= 70


def test_ruined_photograph_is_poor():
    for rgb in (blurred(PHOTOS["astronaut"], 6), noisy(PHOTOS["astronaut"], 60)):
        assert assess(rgb).quality_grade == "poor"


def test_every_metric_stays_in_its_range_and_the_scale_is_used():
    results = [assess(rgb) for rgb in PHOTOS.values()]
    for result in results:
        m = result.technical_metrics
        for name in m.__slots__:
            assert 0.0 <= getattr(m, name) <= 1.0, name
    scores = [r.quality_score for r in results]
    assert max(scores) - min(scores) > 40


def test_white_backdrop_of_a_product_picture_is_not_taken_for_overexposure():
    subject = PHOTOS["coffee cup"]
    product = np.full((700, 800, 3), 255, np.uint8)
    product[200:500, 200:600] = subject
    bare, framed = technical_metrics(subject), technical_metrics(product)
    assert framed.exposure == pytest.approx(bare.exposure, abs=0.1)
    assert assess(product).quality_score >= 70
    assert assess(exposed(product, 2)).quality_score < assess(product).quality_score - 10


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_picture_has_no_quality_and_no_failure(value):
    result = assess(np.full((64, 64, 3), value, np.uint8))
    assert result.quality_grade == "poor"
    assert result.technical_metrics.sharpness == 0.0
    assert result.technical_metrics.contrast == 0.0
    assert result.technical_metrics.noise_level == 0.0


@pytest.mark.parametrize("shape", [(8, 8), (8, 4000), (9, 31), (33, 65)])
def test_odd_shapes_are_measured(shape):
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert 0.0 <= assess(rgb).quality_score <= 100.0


def test_same_picture_in_another_size_gets_nearly_the_same_metrics():
    large = PHOTOS["retina"]
    half = large[: 1410 // 2 * 2, : 1410 // 2 * 2].reshape(705, 2, 705, 2, 3).mean(axis=(1, 3))
    a, b = technical_metrics(large), technical_metrics(np.rint(half).astype(np.uint8))
    for name in ("sharpness", "contrast", "brightness", "exposure", "noise_level", "colorfulness"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), abs=0.06), name


def test_noise_is_measured_in_grey_levels_even_on_texture():
    for name in ("grass", "brick", "coins"):
        plain = luma(PHOTOS[name])
        noise = np.random.default_rng(1).normal(0, 15, plain.shape)
        noisy_luma = np.clip(plain + noise, 0, 255).astype(np.float32)
        assert noise_sigma(noisy_luma) == pytest.approx(15, rel=0.25), name


def test_size_of_the_original_counts_for_resolution():
    rgb = PHOTOS["coffee"]
    assert technical_metrics(rgb, original_size=(4000, 3000)).resolution == 1.0
    assert technical_metrics(rgb).resolution < 0.8


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((64, 7, 3), np.uint8),
    ],
)
def test_anything_but_rgb_bytes_is_refused(bad):
    with pytest.raises(ValueError):
        technical_metrics(bad)


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        *((0, "poor"), (39.9, "poor"), (40, "fair"), (59.9, "fair"), (60, "good"), (74.9, "good")),
        *((75, "high"), (89.9, "high"), (90, "excellent"), (100, "excellent")),
    ],
)
def test_grades_begin_where_they_are_published(score, grade):
    assert quality_grade(score) == grade


def test_advice_names_the_fault_that_was_made():
    photo = PHOTOS["motorcycle_left"]
    assert any("blurred" in line for line in assess(blurred(photo, 6)).recommendations)
    assert any("noise" in line.lower() for line in assess(noisy(photo, 60)).recommendations)
    bright = np.clip(photo.astype(int) + 140, 0, 255).astype(np.uint8)
    assert any("overexposed" in line for line in assess(bright).recommendations)
    assert any("very dark" in line for line in assess((photo * 0.15).astype(np.uint8)).recommendations)
    flat = (110 + photo * 0.08).astype(np.uint8)
    assert any("Contrast is low" in line for line in assess(flat).recommendations)
    small = np.ascontiguousarray(photo[::6, ::6])
    assert any("Resolution is low" in line for line in assess(small).recommendations)


def test_advice_is_never_empty_and_praises_a_good_photograph():
    result = assess(PHOTOS["motorcycle_left"])
    assert result.recommendations[-1] == "Good contrast and sharpness levels"
    assert recommendations(result.technical_metrics, 95)[0].startswith("Image quality is excellent")


def test_diversity_counts_the_features_that_take_part():
    d = 384
    alone, equal = np.eye(d)[0], np.ones(d)
    half = np.concatenate([np.ones(d // 2), np.zeros(d // 2)])
    assert diversity_score(alone) == 0.0
    assert diversity_score(equal) == 100.0
    assert diversity_score(half) == pytest.approx(100 * np.log(d // 2) / np.log(d), abs=0.06)
    vector = np.random.default_rng(0).normal(size=d)
    assert diversity_score(vector) == diversity_score(vector * 1e-20)


def test_feature_stats_are_those_of_the_vector():
    stats = feature_stats(np.array([1.0, -1.0, 3.0, 1.0], np.float32))
    assert (stats.mean, stats.max, stats.min) == (1.0, 3.0, -1.0)
    assert stats.std == pytest.approx(2**0.5)
    with pytest.raises(ValueError):
        feature_stats(np.array([np.nan, 1.0]))


def test_all_photographs_of_the_package_are_used():
    assert len(PHOTOS) >= 20
    assert len(SCIKIT_IMAGE) == 16
