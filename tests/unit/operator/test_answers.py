"""What services answer, as the operator takes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dino_common.contracts.rollout import SelfTestResponse
from dino_operator.control.answers import self_test_seen

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answer(cosine: float | None, *, passed: bool, reasons: list[str]) -> SelfTestResponse:
    return SelfTestResponse(
        instance="pod",
        key="a" * 8,
        model_version="small@0123456789ab",
        cosine=cosine,
        bound=0.99,
        passed=passed,
        images_per_second=None,
        reasons=reasons,
    )


@pytest.mark.parametrize("cosine", [None, 0.999])
def test_a_test_that_could_not_be_finished_says_nothing_against_the_model(cosine: float | None) -> None:
    seen = self_test_seen(answer(cosine, passed=False, reasons=["The queue is full. Try again."]), NOW)
    assert seen.error == "The queue is full. Try again."


@pytest.mark.parametrize(("cosine", "passed"), [(0.5, False), (0.999, True)])
def test_the_golden_picture_judges(cosine: float, passed: bool) -> None:
    seen = self_test_seen(answer(cosine, passed=passed, reasons=[] if passed else ["too far off"]), NOW)
    assert (seen.passed, seen.error) == (passed, None)
