"""The people of a shot's keyframes: faces of all of them, and bodies of one where there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dino_common.bus.context import Context
from dino_common.look.people import STORED_TRIES, People, PeopleWatch


async def people_of(watch: PeopleWatch, pictures: Sequence[NDArray[np.uint8]], context: Context) -> list[People] | None:
    """Return the people of each picture, uint8 (h, w, 3) RGB, or None where nobody can tell.

    Bodies cost several times what faces do, and where faces are seen they tell nothing more of the scale: they are
    looked for in the middle picture alone, and only when no picture has a face. Shots are stored: a detector that is
    full or away for a moment is asked again.
    """
    found = await watch.find(pictures, context, bodies="never", tries=STORED_TRIES)
    if not found or any(one.faces for one in found):
        return found
    middle = len(pictures) // 2
    again = await watch.find([pictures[middle]], context, bodies="always", tries=STORED_TRIES)
    return None if again is None else [*found[:middle], again[0], *found[middle + 1 :]]
