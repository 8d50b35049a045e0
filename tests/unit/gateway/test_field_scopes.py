"""Fields that need more than their operation: storing a calibrated threshold on a category is the administrator's."""

from __future__ import annotations

import pytest

from dino_common.contracts import OPERATIONS, Scope
from dino_common.contracts.calibration import CalibrateThresholdRequest
from dino_common.errors import Forbidden
from dino_gateway.auth import require_field_scopes
from dino_gateway.call import Principal

OPERATION = OPERATIONS["calibrate-threshold"]
PAIR = {
    "asset_id_1": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "asset_id_2": "3f2504e0-4f89-41d3-9a0c-0305e82c3302",
    "same": True,
}


def asked(**more: str) -> CalibrateThresholdRequest:
    return CalibrateThresholdRequest.model_validate({"pairs": [PAIR], **more})


def test_a_category_needs_the_scope_admin():
    writer = Principal("key:1", frozenset({Scope.READ, Scope.WRITE}))
    with pytest.raises(Forbidden, match="category needs the scope admin"):
        require_field_scopes(writer, OPERATION, asked(category="food"))
    require_field_scopes(writer, OPERATION, asked())
    require_field_scopes(writer, OPERATION, asked(character_id="hero"))
    require_field_scopes(Principal("key:2", frozenset({Scope.ADMIN})), OPERATION, asked(category="food"))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_such_field_exists_and_may_be_left_out(operation):
    for name, _ in operation.field_scopes:
        assert operation.request.model_fields[name].default is None
