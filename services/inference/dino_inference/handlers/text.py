"""Handler of embed-text: sentences as vectors, for search and suggestions."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dino_common.bus.context import Context
from dino_common.contracts.text import EmbedTextRequest, EmbedTextResponse
from dino_inference.text_model import TextModel, shared_text_model


class TextHandlers:
    """Loads the text model at the first request and keeps it."""

    def __init__(self, cache_dir: Path) -> None:
        """Args:
        cache_dir: model cache, where the built-in text model lies.
        """
        self._cache_dir = cache_dir
        self._model: TextModel | None = None
        # A thread of its own: the visual model's forward does not wait for it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="text")

    async def embed(self, context: Context, request: EmbedTextRequest) -> EmbedTextResponse:
        """Answer the bus operation ``embed-text``.

        Raises:
            ModelNotLoaded: the text model is missing; the details say how to fetch it.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, request.texts)

    def _embed(self, texts: list[str]) -> EmbedTextResponse:
        if self._model is None:
            self._model = shared_text_model(self._cache_dir)
        model = self._model
        return EmbedTextResponse(model_version=model.version, dimension=model.dimension, vectors=model.embed(texts))

    async def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
