"""Differences of counters, percentiles and their limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dino_operator.observe import Counters, Histogram, InferenceSeen
from dino_operator.rollout.measure import baseline, percentile, since

BOUNDS = (0.1, 0.2, 0.4)


def pod(name: str, handled: int, failed: int, *counts: int, mirrored: bool = False) -> InferenceSeen:
    counters = Counters(handled, failed, Histogram(BOUNDS, counts))
    return InferenceSeen(name, True, **{"mirrored" if mirrored else "direct": counters})


def test_only_what_came_since_counts() -> None:
    begin = baseline({"k": (pod("a", 10, 5, 10, 0, 0, 0),)}, ["k"])
    found = since(begin, (pod("a", 40, 6, 10, 30, 0, 0),), "k")
    assert (found.handled, found.failed, found.counts) == (30, 1, (0, 30, 0, 0))
    assert found.p95 is not None
    assert abs(found.p95 - 0.195) < 1e-9


def test_a_pod_that_began_anew_counts_from_its_start() -> None:
    begin = baseline({"k": (pod("a", 100, 5, 100, 0, 0, 0),)}, ["k"])
    found = since(begin, (pod("a", 30, 1, 0, 30, 0, 0), pod("new", 7, 0, 7, 0, 0, 0)), "k")
    assert (found.handled, found.failed, found.counts) == (37, 1, (7, 30, 0, 0))


def test_a_pod_that_is_gone_counts_no_more() -> None:
    begin = baseline({"k": (pod("a", 100, 5, 100, 0, 0, 0), pod("b", 1, 0, 1, 0, 0, 0))}, ["k"])
    assert since(begin, (pod("b", 3, 0, 3, 0, 0, 0),), "k").handled == 2


def test_mirrored_and_direct_work_is_one() -> None:
    both = InferenceSeen(
        "a",
        True,
        mirrored=Counters(3, 1, Histogram(BOUNDS, (1, 2, 0, 0))),
        direct=Counters(4, 0, Histogram(BOUNDS, (0, 0, 4, 0))),
    )
    found = since([], (both,), "k")
    assert (found.handled, found.failed, found.counts) == (7, 1, (1, 2, 4, 0))
    assert found.error_rate is not None
    assert round(found.error_rate, 1) == 14.3


def test_few_requests_have_no_percentile_and_none_no_rate() -> None:
    assert since([], (pod("a", 19, 0, 19, 0, 0, 0),), "k").p95 is None
    assert since([], (pod("a", 0, 0),), "k").error_rate is None


def test_pods_beyond_those_measured_are_left_out() -> None:
    many = tuple(pod(f"p{number:03}", 1, 0, 1, 0, 0, 0) for number in range(100))
    begin = baseline({"k": many, "s": many}, ["k", "s"])
    assert len(begin) == 64
    later = tuple(pod(f"p{number:03}", 3, 0, 3, 0, 0, 0) for number in range(100))
    assert since(begin, later, "k").handled == 64


def test_slower_than_the_last_bound_is_told_as_the_last_bound() -> None:
    assert percentile(BOUNDS, (0, 0, 0, 50), 0.95) == 0.4
    assert percentile(BOUNDS, (0, 0, 0, 0), 0.95) is None


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4), st.floats(0.01, 1), st.floats(0.01, 1))
def test_percentiles_rise_and_stay_within_the_bounds(counts: list[int], one: float, other: float) -> None:
    low, high = (percentile(BOUNDS, tuple(counts), share) for share in sorted((one, other)))
    if low is None or high is None:
        assert sum(counts) == 0
        return
    assert 0 <= low <= high <= 0.4
