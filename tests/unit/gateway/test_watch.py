"""Which consumers' lag the gateway tells."""

from __future__ import annotations

import pytest

from dino_common.contracts.rollout import Rollout
from dino_gateway.watch import _follows

ROLLOUT = Rollout(serving="a" * 8, candidate="b" * 8, phase="reembed", previous="c" * 8)


@pytest.mark.parametrize(
    ("consumer", "rollout", "told"),
    [
        ("analytics-index", ROLLOUT, True),
        ("inference-extraction", None, True),
        ("inference-extraction-aaaaaaaa", ROLLOUT, True),
        ("inference-extraction-bbbbbbbb", ROLLOUT, True),
        ("inference-extraction-cccccccc", ROLLOUT, False),
        ("inference-deletions-0123abcd", ROLLOUT, False),
        ("inference-extraction-cccccccc", None, True),
    ],
)
def test_lag_of_versions_out_of_use_is_not_told(consumer: str, rollout: Rollout | None, told: bool):
    assert _follows(consumer, rollout) is told
