"""Vectors of words and sentences, asked of the inference service; single words are remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from dino_common.bus.client import BusClient
from dino_common.bus.context import Context
from dino_common.contracts import OPERATIONS
from dino_common.contracts.text import EmbedTextResponse

_AT_ONCE = 256
_REMEMBERED = 2048


class Texts:
    """Embeds texts through the bus."""

    def __init__(self, bus: BusClient) -> None:
        """Ask over this client."""
        self._bus = bus
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._version: str | None = None

    async def embed(self, texts: Sequence[str], context: Context) -> tuple[str, np.ndarray]:
        """Return the text model's version and float32 (n, dimension), rows of length 1, in the order of the texts.

        Raises:
            ModelNotLoaded: the text model is missing.
        """
        missing = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if self._version is None and not missing:
            missing = [""]
        found: dict[str, np.ndarray] = {}
        for start in range(0, len(missing), _AT_ONCE):
            part = missing[start : start + _AT_ONCE]
            answer = EmbedTextResponse.model_validate(
                await self._bus.call(OPERATIONS["embed-text"], {"texts": part}, context)
            )
            if answer.model_version != self._version:
                # Another text model serves: what is remembered is of the one before.
                self._kept.clear()
                found.clear()
                self._version = answer.model_version
            found |= dict(zip(part, np.asarray(answer.vectors, dtype=np.float32), strict=True))
        self._kept |= found
        if any(text not in self._kept for text in texts):
            return await self.embed(texts, context)
        vectors = np.stack([self._kept[text] for text in texts])
        while len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)
        assert self._version is not None
        return self._version, vectors
