"""Which aspect a change belongs to, and when nothing is said."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.analytics.continuity.scenes import GRID, box_mask

from dino_analytics.core.continuity.alignment import Alignment
from dino_analytics.core.continuity.aspects import AspectFound, Known, aspect_of, verdicts
from dino_analytics.core.continuity.compare import Comparison, Difference
from dino_analytics.core.continuity.regions import box_of

ALL = ("character", "props", "wardrobe", "background")
NOTHING = Known(None, 0.0)


def difference(mask: np.ndarray, kind: str = "recoloured", confidence: float = 0.9) -> Difference:
    box = box_of(mask)
    return Difference(kind, confidence, (mask, mask), (box, box), 0.8, 40.0)  # type: ignore[arg-type]


def comparison(*found: Difference, agreement: float = 0.9, share: float = 1.0) -> Comparison:
    seen = np.zeros(GRID * GRID, bool)
    seen[: round(share * seen.size)] = True
    alignment = Alignment(np.eye(3)[None], [np.zeros((1, 2), np.float32)], agreement, 500)
    return Comparison(alignment, list(found), (seen.reshape(GRID, GRID), seen.reshape(GRID, GRID)), 3.0)


def test_a_named_region_decides_and_the_smallest_wins():
    change = difference(box_mask(10, 10, 14, 14))
    known = Known(None, 0.0, [("background", box_mask(0, 0, 32, 32)), ("props", box_mask(9, 9, 15, 15))])
    assert aspect_of(change, (known, NOTHING)) == ("props", 1.0)


def test_a_part_of_a_named_character_is_wardrobe_and_most_of_it_is_the_character():
    known = Known(None, 0.0, [("character", box_mask(8, 4, 20, 28))])
    assert aspect_of(difference(box_mask(10, 14, 16, 20)), (known, NOTHING))[0] == "wardrobe"
    assert aspect_of(difference(box_mask(8, 4, 20, 26)), (known, NOTHING))[0] == "character"


def test_a_part_of_an_unnamed_subject_is_unknown():
    known = Known(box_mask(8, 4, 20, 28), 0.7)
    assert aspect_of(difference(box_mask(10, 14, 16, 20)), (known, known)) == ("unknown", 0.0)
    aspect, sure = aspect_of(difference(box_mask(8, 4, 20, 26)), (known, known))
    assert aspect == "character"
    assert sure == pytest.approx(0.7)


def test_small_things_are_props_and_large_stretches_background():
    assert aspect_of(difference(box_mask(2, 2, 6, 6)), (NOTHING, NOTHING))[0] == "props"
    assert aspect_of(difference(box_mask(0, 0, 32, 12)), (NOTHING, NOTHING))[0] == "background"


def by_name(found: list[AspectFound]) -> dict[str, AspectFound]:
    return {one.aspect: one for one in found}


def test_a_sure_change_makes_its_aspect_changed_and_leaves_the_others():
    change = difference(box_mask(2, 2, 6, 6), confidence=0.8)
    found = by_name(verdicts(comparison(change), [(change, "props")], (NOTHING, NOTHING), ALL, 0.5))
    assert found["props"].verdict == "changed"
    assert found["props"].score == pytest.approx(0.2)
    assert found["props"].confidence == pytest.approx(0.8)
    assert found["background"].verdict == "consistent"
    assert found["background"].score == 1.0


def test_an_unsure_change_lowers_the_score_alone():
    change = difference(box_mask(2, 2, 6, 6), confidence=0.3)
    found = by_name(verdicts(comparison(change), [(change, "props")], (NOTHING, NOTHING), ALL, 0.5))
    assert found["props"].verdict == "consistent"
    assert found["props"].score == pytest.approx(0.7)


def test_clothing_and_characters_that_nobody_names_are_not_comparable():
    found = by_name(verdicts(comparison(), [], (NOTHING, NOTHING), ALL, 0.5))
    assert found["wardrobe"].verdict == found["character"].verdict == "not_comparable"
    assert found["wardrobe"].score is None
    subject = Known(box_mask(8, 4, 20, 28), 0.7)
    assert by_name(verdicts(comparison(), [], (subject, NOTHING), ALL, 0.5))["character"].verdict == "consistent"
    named = Known(None, 0.0, [("character", box_mask(8, 4, 20, 28))])
    assert by_name(verdicts(comparison(), [], (named, NOTHING), ALL, 0.5))["wardrobe"].verdict == "consistent"


@pytest.mark.parametrize("bad", [{"agreement": 0.05}, {"share": 0.1}])
def test_two_scenes_and_pictures_that_hardly_overlap_are_not_comparable(bad):
    change = difference(box_mask(2, 2, 6, 6), confidence=0.2)
    found = verdicts(comparison(change, **bad), [(change, "props")], (NOTHING, NOTHING), ALL, 0.5)
    assert {one.verdict for one in found} == {"not_comparable"}
