"""Handler of the bus operation that sets a category's thresholds where thresholds are kept."""

from __future__ import annotations

from dino_common.bus.context import Context
from dino_common.contracts.category_thresholds import SetCategoryThresholdsRequest, SetCategoryThresholdsResponse
from dino_common.contracts.configuration import Thresholds
from dino_gateway.backends import Backends


class CategoryThresholdHandlers:
    """Writes to the resource under an operator, to the configuration bucket elsewhere."""

    def __init__(self, backends: Backends) -> None:
        """Use these parts."""
        self._b = backends

    async def set(self, context: Context, request: SetCategoryThresholdsRequest) -> SetCategoryThresholdsResponse:
        """Answer the bus operation ``set-category-thresholds``; asked again, it changes nothing.

        Raises:
            Conflict: the configuration is being changed by others.
            InvalidRequest: the resource does not take it.
            ServiceUnavailable: what keeps the thresholds does not answer.
        """
        name, thresholds = request.category, request.thresholds
        if self._b.resource is not None:
            await self._b.resource.change_category(name, thresholds)
        else:

            def edit(current: Thresholds) -> Thresholds:
                return current.model_copy(update={"categories": current.categories | {name: thresholds}})

            await self._b.config.change(edit)
        return SetCategoryThresholdsResponse(revision=self._b.config.revision)
