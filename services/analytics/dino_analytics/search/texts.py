"""Vectors of texts, asked of the inference service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.contracts.text import EmbedTextResponse

_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class TextVectors:
    """Vectors of one text model: float32 (n, dimension), rows of length 1."""

    model_version: str
    dimension: int
    rows: np.ndarray


class Texts:
    """Embeds texts through the bus."""

    def __init__(self, bus: BusClient) -> None:
        """Ask over this client."""
        self._bus = bus

    async def embed(self, texts: Sequence[str], context: Context) -> TextVectors:
        """Return the vectors of at least one text, in order, all of one model.

        Raises:
            ModelNotLoaded: the text model is missing, or inference is away.
        """
        while True:
            answers: list[EmbedTextResponse] = []
            for start in range(0, len(texts), _AT_ONCE):
                request = {"texts": list(texts[start : start + _AT_ONCE])}
                answer = await self._bus.call(OPERATIONS["embed-text"], request, context)
                answers.append(EmbedTextResponse.model_validate(answer))
            if len({answer.model_version for answer in answers}) == 1:
                rows = np.concatenate([np.asarray(answer.vectors, dtype=np.float32) for answer in answers])
                return TextVectors(answers[0].model_version, answers[0].dimension, rows)
