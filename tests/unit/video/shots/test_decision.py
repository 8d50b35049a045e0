"""Scores of frames become boundaries, boundaries become shots."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dino_video.core.shots.boundaries import Boundary, shots
from dino_video.core.shots.decision import Decision, decide, rescaled
from dino_video.core.shots.network import Scores

PLAIN = Decision(cut=0.5, gradual=0.5, shortest=3, gap=2, extent=0.6, apart=6)


def scores(count: int, cuts: dict[int, float] | None = None, mixed: dict[range, float] | None = None) -> Scores:
    cut, gradual = np.zeros(count, np.float32), np.zeros(count, np.float32)
    kinds = np.tile(np.array([0.8, 0.1, 0.1], np.float32), (count, 1))
    for place, value in (cuts or {}).items():
        cut[place] = value
    for places, value in (mixed or {}).items():
        gradual[list(places)] = value
    return Scores(cut, gradual, kinds)


def test_a_peak_is_a_cut_before_its_frame() -> None:
    (found,) = decide(scores(50, {20: 0.9, 21: 0.6}), decision=PLAIN)
    assert (found.kind, found.first, found.last, found.middle) == ("cut", 20, 20, 20)
    assert found.score == pytest.approx(0.86)


def test_a_run_of_mixed_frames_is_one_transition_of_its_kind() -> None:
    (found,) = decide(scores(60, mixed={range(20, 30): 0.9, range(31, 36): 0.8}), decision=PLAIN)
    assert (found.kind, found.first, found.last) == ("dissolve", 20, 35)
    assert found.kind_confidence == pytest.approx(0.8, abs=0.01)


def test_fades_at_the_ends_of_a_film_divide_nothing() -> None:
    assert decide(scores(60, mixed={range(0, 12): 0.9, range(48, 60): 0.9}), decision=PLAIN) == []
    assert decide(scores(60, mixed={range(3, 12): 0.9, range(48, 58): 0.9}), decision=PLAIN) == []


def test_the_stronger_of_two_boundaries_that_meet_stands() -> None:
    both = scores(60, {25: 0.99}, {range(20, 31): 0.7})
    assert [item.kind for item in decide(both, decision=PLAIN)] == ["cut"]
    both = scores(60, {25: 0.6}, {range(20, 31): 0.95})
    assert [item.kind for item in decide(both, decision=PLAIN)] == ["dissolve"]


def test_a_high_score_at_the_first_frame_hides_no_cut_after_it() -> None:
    assert [item.first for item in decide(scores(50, {0: 1.0, 1: 0.6, 2: 0.95}), decision=PLAIN)] == [2]
    assert decide(scores(50, {0: 1.0}), decision=PLAIN) == []


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=80))
def test_a_higher_threshold_never_finds_a_stronger_cut(cuts: list[float]) -> None:
    # Hard cuts alone: a wide transition may fall into several at a higher threshold.
    found = scores(len(cuts), dict(enumerate(cuts)))
    strongest = [max((b.score for b in decide(found, t, Decision(apart=1))), default=0.0) for t in (0.2, 0.3, 0.5, 0.8)]
    assert strongest == sorted(strongest, reverse=True)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), min_size=1, max_size=80))
def test_boundaries_never_overlap(outputs: list[tuple[float, float]]) -> None:
    cuts, mixed = (np.array(column, np.float32) for column in zip(*outputs, strict=True))
    found = Scores(cuts, mixed, np.full((len(outputs), 3), 1 / 3, np.float32))
    boundaries = decide(found, 0.3, PLAIN)
    assert all(a.last < b.first for a, b in itertools.pairwise(boundaries))


def test_the_threshold_scale_keeps_its_ends_and_the_default() -> None:
    mapped = rescaled(np.array([0, 0.4, 0.8, 0.9, 1], np.float32), 0.8)
    assert mapped == pytest.approx([0, 0.15, 0.3, 0.65, 1], abs=1e-6)


def test_shots_tile_the_film_and_know_their_stable_part() -> None:
    times = [Fraction(n, 25) for n in range(100)]
    cut, dissolve = Boundary("cut", 30, 30, 0.9), Boundary("dissolve", 60, 69, 0.8)
    one, two, three = shots([cut, dissolve], times, Fraction(4))
    assert [(s.first, s.end) for s in (one, two, three)] == [(0, 30), (30, 65), (65, 100)]
    assert [(s.stable_first, s.stable_end) for s in (one, two, three)] == [(0, 30), (30, 60), (70, 100)]
    assert (one.start_time, three.end_time) == (0, 4)
    assert sum(s.duration for s in (one, two, three)) == 4
    assert (one.into, one.out_of, two.out_of, three.out_of) == (None, cut, dissolve, None)


def test_a_film_without_boundaries_is_one_shot_and_without_frames_none() -> None:
    assert len(shots([], [Fraction(0)], Fraction(1, 25))) == 1
    assert shots([], [], Fraction(0)) == ()
