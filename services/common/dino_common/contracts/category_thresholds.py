"""What analytics has the gateway write into the configuration: a category's calibrated thresholds. Of the bus alone."""

from __future__ import annotations

from pydantic import Field

from .base import Request, Response
from .codes import ErrorCode
from .configuration import CategoryThresholds
from .judgement import Category
from .operation import Operation, Service


class SetCategoryThresholdsRequest(Request):
    """All thresholds of a category, in place of those it has."""

    category: Category
    thresholds: CategoryThresholds


class SetCategoryThresholdsResponse(Response):
    """The change as applied; every service follows within a second."""

    revision: int = Field(ge=0)


OPERATIONS = (
    Operation(
        name="set-category-thresholds",
        service=Service.GATEWAY,
        request=SetCategoryThresholdsRequest,
        response=SetCategoryThresholdsResponse,
        timeout_s=15,
        errors=(ErrorCode.CONFLICT,),
    ),
)
