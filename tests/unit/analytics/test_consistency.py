"""The verdict, its confidence, and the order in which thresholds win."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_analytics.core.consistency import confidence, confidence_level, judge
from dino_analytics.core.thresholds import (
    CATEGORIES,
    Threshold,
    canonical_category,
    resolve_consistency,
    resolve_quality,
)

scores = st.floats(0, 100)


@given(st.floats(-1, 1), scores, st.floats(0.01, 5))
def test_verdict_never_contradicts_the_numbers_it_shows(cosine, threshold, slope):
    verdict = judge(cosine, Threshold(threshold, "setting"), slope)
    assert verdict.same_character == (verdict.similarity_score >= verdict.threshold)
    assert 0.0 <= verdict.confidence <= 1.0
    assert verdict.confidence_level == confidence_level(verdict.confidence)
    assert f"{verdict.similarity_score:.1f}" in verdict.explanation


@given(scores, scores, st.floats(0.01, 2))
def test_confidence_is_the_calibrated_logistic_distance(score, threshold, slope):
    exponent = min(700.0, max(-700.0, -slope * (score - threshold)))
    sigma = 1.0 / (1.0 + math.exp(exponent))
    assert confidence(score, threshold, slope) == pytest.approx(abs(2 * sigma - 1), abs=1e-9)


@given(scores, st.floats(0, 40), st.floats(0, 40))
def test_confidence_grows_with_the_distance_on_either_side(threshold, near, far):
    near, far = sorted((near, far))
    assert confidence(threshold + near, threshold) <= confidence(threshold + far, threshold)
    assert confidence(threshold - far, threshold) == pytest.approx(confidence(threshold + far, threshold))


def test_score_on_the_threshold_is_the_same_character_with_no_confidence():
    verdict = judge(0.85, Threshold(85, "default"))
    assert verdict.same_character
    assert verdict.confidence == 0.0
    assert verdict.confidence_level == "low"
    assert "have a person look" in verdict.explanation


@pytest.mark.parametrize("slope", [0.0, -1.0, math.nan, math.inf])
def test_slope_that_cannot_calibrate_is_refused(slope):
    with pytest.raises(ValueError, match="slope"):
        judge(0.9, Threshold(85, "default"), slope)


def test_explanation_names_score_threshold_and_source():
    text = judge(0.423, Threshold(58.5, "model_card")).explanation
    assert "42.3" in text
    assert "58.5" in text
    assert "calibrated for this model" in text
    assert "different" in text


def test_thresholds_win_in_the_published_order():
    given_all = {"request": 10, "character": 20, "category": 90, "setting": 40, "model_card": 50}
    expected = [(10, "request"), (20, "character"), (90, "category"), (40, "setting"), (50, "model_card")]
    for value, source in expected:
        assert resolve_consistency(**given_all) == Threshold(value, source)
        del given_all[source]
    assert resolve_consistency() == Threshold(85, "default")


def test_zero_is_a_threshold_and_not_an_absence():
    assert resolve_consistency(request=0, setting=40) == Threshold(0, "request")


def test_quality_threshold_follows_request_category_setting_default():
    assert resolve_quality(request=1, category=80, setting=2) == Threshold(1, "request")
    assert resolve_quality(category=80, setting=2) == Threshold(80, "category")
    assert resolve_quality(setting=2) == Threshold(2, "setting")
    assert resolve_quality() == Threshold(70, "default")


@pytest.mark.parametrize("value", [-0.1, 100.1, math.nan, math.inf])
def test_threshold_outside_the_scale_is_refused(value):
    with pytest.raises(ValueError, match="0–100"):
        resolve_consistency(setting=value)


@pytest.mark.parametrize("name", ["Profile Pictures", "profile-picture", " PROFILE_PICTURE ", "profile"])
def test_category_names_are_forgiving(name):
    assert canonical_category(name) == "profile_picture"


def test_categories_carry_the_numbers_of_the_service_guide():
    numbers = {name: (c.quality, c.consistency) for name, c in CATEGORIES.items()}
    assert numbers["electronics"] == (85, 90)
    assert numbers["clothing"] == (75, 80)
    assert numbers["food"] == (80, 75)
    assert numbers["books"] == (70, None)
    assert numbers["profile_picture"] == (70, 75)
