"""A process does what its model version's role says; the canary's share is what the rollout says."""

from __future__ import annotations

import pytest

from dino_common.bus.context import Context
from dino_common.contracts.rollout import WORK_BOUNDS, Rollout
from dino_inference.mirror import is_mirrored
from dino_inference.roles import Duties, Role, duties_of, role_of
from dino_inference.work_log import Work

A, B, C = "a" * 8, "b" * 8, "c" * 8


@pytest.mark.parametrize(
    ("rollout", "key", "role"),
    [
        (None, None, Role.SERVING),
        (Rollout(serving=A), None, Role.SERVING),
        (None, A, Role.WAITING),
        (Rollout(serving=A), A, Role.SERVING),
        (Rollout(serving=A), B, Role.WAITING),
        (Rollout(serving=A, candidate=B, phase="dark"), B, Role.DARK),
        (Rollout(serving=A, candidate=B, phase="canary"), B, Role.CANARY),
        (Rollout(serving=A, candidate=B, phase="reembed"), B, Role.REEMBED),
        (Rollout(serving=A, candidate=B, phase="reembed"), A, Role.SERVING),
        (Rollout(serving=A, candidate=B, phase="dark", previous=C), C, Role.PREVIOUS),
    ],
)
def test_role_follows_from_rollout_and_key(rollout, key, role):
    assert role_of(rollout, key) is role


def test_exactly_one_role_takes_jobs_and_only_it_retires():
    jobs = [role for role in Role if duties_of(role).jobs]
    assert jobs == [role for role in Role if duties_of(role).retirement] == [Role.SERVING]


@pytest.mark.parametrize("role", [Role.DARK, Role.PREVIOUS, Role.WAITING])
def test_other_roles_only_answer_who_asks_them_by_name(role):
    assert duties_of(role) == Duties()


@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99.5, 100])
def test_share_of_mirrored_requests_is_the_percentage(percent):
    ids = [f"req-{number:05d}" for number in range(20_000)]
    share = sum(is_mirrored(one, percent) for one in ids) / len(ids)
    assert abs(share - percent / 100) < 0.02
    assert share in (0.0, 1.0) if percent in (0, 100) else 0 < share < 1


def test_same_request_is_always_or_never_mirrored():
    assert all(is_mirrored("one", 40) is is_mirrored("one", 40) for _ in range(10))
    assert all(is_mirrored(f"{n}", 60) for n in range(1000) if is_mirrored(f"{n}", 30))


def test_work_is_counted_by_kind_and_bucket():
    work = Work()
    direct, mirrored = Context("a", 0), Context("b", 0, mirrored=True)
    work.of(direct).ended(failed=False)
    work.of(direct).ended(failed=True)
    work.of(mirrored).ended(failed=False)
    for seconds in (WORK_BOUNDS[0], WORK_BOUNDS[0] + 1e-6, 1e9):
        work.of(mirrored).computed(seconds)
    counted, copies = work.direct.counters(), work.mirrored.counters()
    assert (counted.handled, counted.failed, sum(counted.seconds.counts)) == (2, 1, 0)
    assert (copies.handled, copies.failed) == (1, 0)
    assert (copies.seconds.counts[0], copies.seconds.counts[1], copies.seconds.counts[-1]) == (1, 1, 1)
    assert len(copies.seconds.counts) == len(copies.seconds.bounds) + 1
