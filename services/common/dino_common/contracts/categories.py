"""Categories: named threshold sets that a request or a character may ask to be judged by."""

from __future__ import annotations

from typing import Literal

from .base import Percent, Request, Response, Unit
from .operation import Operation, Service


class ListCategoriesRequest(Request):
    """Nothing to say."""


class CategorySet(Response):
    """A category; a threshold that is null falls back to the deployment's, the model card's, then the default."""

    name: str
    consistency: Percent | None
    quality: Percent | None
    similarity: Unit | None
    source: Literal["built_in", "setting"] = "built_in"


class CategoriesResponse(Response):
    """Every category that is known, by name."""

    items: list[CategorySet]


OPERATIONS = (
    Operation(
        name="list-categories",
        service=Service.ANALYTICS,
        method="GET",
        path="/config/categories",
        request=ListCategoriesRequest,
        response=CategoriesResponse,
        tag="config",
        summary="Categories and their thresholds",
        description="The built-in sets, and what the deployment's configuration sets in their place or beside them. "
        "Name one as `category` where a picture is judged.",
    ),
)
