"""One batch through the model, with each picture's own outcome."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dino_common.errors import DinoError, ProcessingFailed


class Embeds(Protocol):
    """The part of a model that a batch needs; see ``VisualModel.embed``."""

    def embed(self, pixels: np.ndarray, *, patches: bool = False) -> Embedded: ...  # noqa: D102


class Embedded(Protocol):
    """See ``Embeddings``."""

    @property
    def features(self) -> np.ndarray: ...  # noqa: D102
    @property
    def lengths(self) -> np.ndarray: ...  # noqa: D102
    @property
    def patches(self) -> np.ndarray | None: ...  # noqa: D102


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A picture's features (float32 (dimension,)) and the length before scaling, its patch tokens (float16 or None),
    its batch's cost.
    """

    vector: np.ndarray
    length: float
    patches: np.ndarray | None
    batch_size: int
    seconds: float


def forward_each(model: Embeds, pixels: Sequence[np.ndarray], patches: Sequence[bool]) -> list[Forwarded | Exception]:
    """Embed a batch; returns features or an error for each picture, in order, and raises nothing.

    Typed errors (out of memory) concern the whole batch. After any other failure each picture runs alone,
    so that the one at fault fails and its neighbours do not. A feature that is not finite is an error,
    never an answer.
    """
    try:
        return _run(model, pixels, patches)
    except DinoError as error:
        return [error] * len(pixels)
    except Exception as error:
        log.exception("a forward pass of %d pictures failed", len(pixels))
        if len(pixels) == 1:
            return [_failed(error)]
    return [forward_each(model, [one], [wanted])[0] for one, wanted in zip(pixels, patches, strict=True)]


def _run(model: Embeds, pixels: Sequence[np.ndarray], patches: Sequence[bool]) -> list[Forwarded | Exception]:
    began = time.perf_counter()
    embedded = model.embed(np.stack(pixels), patches=any(patches))
    seconds = time.perf_counter() - began
    finite = np.atleast_1d(np.isfinite(embedded.features).all(axis=1))
    outcomes: list[Forwarded | Exception] = []
    for row, wanted in enumerate(patches):
        if not finite[row]:
            outcomes.append(ProcessingFailed("the model gave no finite feature for this picture"))
            continue
        tokens = embedded.patches[row] if wanted and embedded.patches is not None else None
        outcomes.append(Forwarded(embedded.features[row], float(embedded.lengths[row]), tokens, len(pixels), seconds))
    return outcomes


def _failed(error: Exception) -> ProcessingFailed:
    failure = ProcessingFailed("the model could not process this picture")
    failure.__cause__ = error
    return failure
