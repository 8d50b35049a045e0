"""How far light and framing explain the difference of two pictures, and what remains for identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Separated:
    """A difference taken apart.

    Attributes:
        cosine: of the pictures as they are.
        relit: of their mean features over all lights.
        reframed: of the common part as it is; None where the framing is alike or unknown.
        identity: what identity is judged by: light, and framing where that helps, taken out.
        lighting_share, framing_share, identity_share: of the difference 1 − cosine; they add up to 1, or are all 0
            where there is no difference.
    """

    cosine: float
    relit: float
    reframed: float | None
    identity: float
    lighting_share: float
    framing_share: float
    identity_share: float


def mean_direction(vectors: Floats) -> Floats:
    """Return the mean of unit vectors (n, dimension), scaled to length 1."""
    mean = vectors.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def separate(
    first: Floats, second: Floats, first_part: Floats | None = None, second_part: Floats | None = None
) -> Separated:
    """Take the difference of two pictures apart.

    Args:
        first, second: float32 (lights, dimension): each picture under every light of ``relit``, as it is first;
            rows of length 1.
        first_part, second_part: the same of the part that both show, where their framing differs.
    """
    plain = float(first[0] @ second[0])
    relit = float(mean_direction(first) @ mean_direction(second))
    reframed, identity = None, relit
    if first_part is not None and second_part is not None:
        reframed = float(first_part[0] @ second_part[0])
        # A crop may also lose what tells that two are the same.
        identity = max(relit, float(mean_direction(first_part) @ mean_direction(second_part)))
    gap = 1.0 - plain
    if gap < 1e-6:
        return Separated(plain, relit, reframed, identity, 0.0, 0.0, 0.0)
    lighting = float(np.clip((relit - plain) / gap, 0.0, 1.0))
    framing = float(np.clip((identity - relit) / gap, 0.0, 1.0 - lighting))
    return Separated(plain, relit, reframed, identity, lighting, framing, 1.0 - lighting - framing)
