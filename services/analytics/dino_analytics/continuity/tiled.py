"""Close looks at assets: patches of the whole picture and of four parts of it, merged into one fine grid."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from dino_analytics.core.continuity.compare import Look
from dino_analytics.core.continuity.tiles import merged, parts
from dino_analytics.core.look.subject import find_subject
from dino_analytics.dense import Dense
from dino_analytics.serving import ServingModel
from dino_common.bus.context import Context
from dino_common.stores.assets import AssetRecord

_KEPT = 8


@dataclass(frozen=True, slots=True)
class CloseLook:
    """An asset looked at closely.

    Attributes:
        look: picture and fine grid.
        subject: bool (rows, columns) of the model's own coarser grid, or None where nothing stands out.
        subject_confidence: 0–1.
    """

    record: AssetRecord
    look: Look
    subject: np.ndarray | None
    subject_confidence: float


class CloseLooks:
    """Looks at pictures for one job; the last few are kept, since each is compared more than once."""

    def __init__(self, dense: Dense) -> None:
        """Look through this."""
        self._dense = dense
        self._kept: OrderedDict[tuple[str, str], CloseLook] = OrderedDict()

    async def of(self, asset_id: str, context: Context) -> tuple[ServingModel, CloseLook]:
        """Look at a picture.

        Raises:
            AssetNotFound, InvalidFileFormat: there is none, or it is a film.
            DinoError: of the stores or of inference.
        """
        model, (looked,) = await self._dense.look([asset_id], context)
        key = (asset_id, model.version)
        if key in self._kept:
            self._kept.move_to_end(key)
            return model, self._kept[key]
        _, _, tiles = await self._dense.embed(parts(looked.picture), context, model)

        def put_together() -> CloseLook:
            grid = merged(np.concatenate([looked.patches[None], tiles]))
            subject = find_subject(looked.patches)
            mask, sure = (None, 0.0) if subject is None else (subject.mask, subject.confidence)
            return CloseLook(looked.record, Look(looked.picture, grid), mask, sure)

        found = await asyncio.to_thread(put_together)
        self._kept[key] = found
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return model, found
